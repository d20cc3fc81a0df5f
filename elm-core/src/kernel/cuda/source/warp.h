// What threads of a warp, a block and a group do together.
#define DEVICE __device__ __forceinline__
#ifndef ELM_EMULATED
extern __shared__ __align__(16) float elm_shared[];
#define SHARED(name) float* const name = elm_shared
#define KERNEL(name, threads) \
  extern "C" __global__ void __launch_bounds__(threads, 1) name(const __grid_constant__ Args a)
#endif

template <int W> struct alignas(4 * W) Vec { float v[W]; };
template <int W> DEVICE Vec<W> load(const float* p) { return *(const Vec<W>*)p; }
template <int W> DEVICE void store(float* p, Vec<W> x) { *(Vec<W>*)p = x; }

// What other multiprocessors wrote: past the first-level cache.
template <int W> DEVICE Vec<W> fresh(const float* p) {
#ifndef ELM_EMULATED
  if constexpr (W == 4) {
    const float4 y = __ldcg((const float4*)p);
    return Vec<W>{{y.x, y.y, y.z, y.w}};
  } else
#endif
  {
    Vec<W> x = {};
    for (int v = 0; v < W; v++) x.v[v] = __ldcg(p + v);
    return x;
  }
}

// A warp asks for numbers that it will read a step later.
DEVICE void prefetch(const float* p, int count, int lane) {
#ifndef ELM_EMULATED
  for (int i = lane * 32; i < count; i += 32 * 32) asm volatile("prefetch.global.L2 [%0];" ::"l"(p + i));
#endif
}

// COUNT numbers from or to a place that is a multiple of COUNT from an aligned one.
__host__ __device__ constexpr int width(int count) { return count % 4 == 0 ? 4 : count % 2 == 0 ? 2 : 1; }
template <int COUNT> DEVICE void read(const float* p, float (&x)[COUNT]) {
#pragma unroll
  for (int b = 0; b < COUNT; b += width(COUNT)) {
    const Vec<width(COUNT)> y = load<width(COUNT)>(p + b);
#pragma unroll
    for (int v = 0; v < width(COUNT); v++) x[b + v] = y.v[v];
  }
}
template <int COUNT> DEVICE void write(float* p, const float (&x)[COUNT]) {
#pragma unroll
  for (int b = 0; b < COUNT; b += width(COUNT)) {
    Vec<width(COUNT)> y;
#pragma unroll
    for (int v = 0; v < width(COUNT); v++) y.v[v] = x[b + v];
    store<width(COUNT)>(p + b, y);
  }
}

// The lanes of a warp share `rows` results for BW sequences: an item is a row and a
// part of the sequences. How many parts a row has: what takes the fewest instructions.
__host__ __device__ constexpr int part_cost(int rows, int parts) {
  return (rows * parts + 31) / 32 * (BW / parts + 2);
}
__host__ __device__ constexpr int parts_of(int rows) {
  int best = 1;
  for (int parts = 2; parts <= BW && BW % parts == 0; parts *= 2)
    if (part_cost(rows, parts) < part_cost(rows, best)) best = parts;
  return best;
}

__host__ __device__ constexpr int part_of(int rows) { return BW / parts_of(rows); }

// y = bias + W x for one neuron; `each(row, first sequence, y of the part)`.
template <int IN, int OUT, class Each>
DEVICE void linear(const float* w, const float* x, int lane, Each each) {
  constexpr int STRIDE = odd(OUT), PART = part_of(OUT), PARTS = BW / PART;
  for (int item = lane; item < OUT * PARTS; item += 32) {
    const int row = item % OUT, b0 = item / OUT * PART;
    float y[PART], value[PART];
#pragma unroll
    for (int b = 0; b < PART; b++) y[b] = w[IN * STRIDE + row];
#pragma unroll 5
    for (int i = 0; i < IN; i++) {
      const float weight = w[i * STRIDE + row];
      read<PART>(x + i * BW + b0, value);
#pragma unroll
      for (int b = 0; b < PART; b++) y[b] += weight * value[b];
    }
    each(row, b0, y);
  }
}

// forward: y = bias + W x   so: d x = W^T d y; `each(row, first sequence, d x of the part)`.
template <int IN, int OUT, class Each>
DEVICE void linear_back(const float* w, const float* dy, int lane, Each each) {
  constexpr int STRIDE = odd(OUT), PART = part_of(IN), PARTS = BW / PART;
  for (int item = lane; item < IN * PARTS; item += 32) {
    const int row = item % IN, b0 = item / IN * PART;
    float dx[PART], value[PART];
#pragma unroll
    for (int b = 0; b < PART; b++) dx[b] = 0;
#pragma unroll 5
    for (int h = 0; h < OUT; h++) {
      const float weight = w[row * STRIDE + h];
      read<PART>(dy + h * BW + b0, value);
#pragma unroll
      for (int b = 0; b < PART; b++) dx[b] += weight * value[b];
    }
    each(row, b0, dx);
  }
}

// A neuron's carried rows [CARRIED][BP] to their places in a state [rows][B], by a block. Of
// traces of synapses the rows hold their sums by branch, which the state has not.
DEVICE void give_state(const float* carried, float* state, int n) {
  for (int i = threadIdx.x; i < LAST_ROW * B; i += SMALL_THREADS) {
    const int row = i / B, b = i % B;
    size_t to = ST_MEMORY + (size_t)n * M + row;
    if (row >= AVERAGE_ROW) to = ST_AVERAGE + (size_t)n * O + row - AVERAGE_ROW;
    if (row >= TRACE_ROW) to = ST_TRACE + (size_t)n * TRACES + row - TRACE_ROW;
    if (TRACE == SYNAPSE_TRACE && row >= TRACE_ROW) {
      if (row < TRACE_ROW + K) continue;
      to += SYN - K;
    }
    state[to * B + b] = carried[row * BP + b];
  }
}

// What a block of the recurrence owns: neurons from `first`, sequences from b0.
struct Share {
  int group = blockIdx.x / GB, rank = blockIdx.x % GB, first = rank * NB, b0 = group * BG;
  int count = N - first < NB ? (N - first > 0 ? N - first : 0) : NB;
};
template <class To, class From> DEVICE void copy(To* to, const From* from, int count) {
  for (int i = threadIdx.x; i < count; i += THREADS) to[i] = from[i];
}
// A block's carried rows: in shared memory or, where they are not held there, in the array
// [N][CARRIED][BP] `on` itself, where all end up.
DEVICE size_t carried_at(const Share& own, int i) {
  return ((size_t)own.first * CARRIED + i / BG) * BP + own.b0 + i % BG;
}
DEVICE float* take_carried(float* shared, const float* from, float* on, const Share& own) {
  for (int i = threadIdx.x; i < own.count * CARRIED * BG; i += THREADS)
    (HELD ? shared[i] : on[carried_at(own, i)]) = from[carried_at(own, i)];
  return HELD ? shared : on + carried_at(own, 0);
}
DEVICE void hand_carried(float* on, const float* carried, const Share& own) {
  if (!HELD) return;
  for (int i = threadIdx.x; i < own.count * CARRIED * BG; i += THREADS) on[carried_at(own, i)] = carried[i];
}
// Record or delta of a task among those of the steps of a launch.
DEVICE size_t slab(int step, int neuron, int tile) {
  return ((size_t)step * N + neuron) * TILES + tile;
}

// All blocks of a group meet; what they wrote before is seen after. `counter` only grows.
DEVICE void meet(u32* counter, u32& target) {
#ifndef ELM_EMULATED
  if (CLUSTER) {
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
    return;
  }
#endif
  __syncthreads();
  if (GB == 1) return;
  target += GB;
  if (threadIdx.x == 0) {
#ifndef ELM_EMULATED
    u32 seen;
    asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
    do asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(counter) : "memory");
    while ((int)(seen - target) < 0);
#else
    emulated_meet(counter, target, __LINE__);
#endif
  }
  __syncthreads();
}

// A row of the caller's, [.., B]; nothing stands behind the B-th sequence.
DEVICE float given(const float* p, size_t row, int b) { return b < B ? p[row * B + b] : 0.f; }

// Hidden units, from their input x.
DEVICE float unit(float x) {
  if (MLP_ACTIVATION == RELU) return x > 0 ? x : 0.f;
  if (MLP_ACTIVATION == RELU_SQUARED) return x > 0 ? x * x : 0.f;
  return x / (1 + expf(-x));
}
DEVICE float unit_slope(float x) {
  if (MLP_ACTIVATION == RELU) return x > 0 ? 1.f : 0.f;
  if (MLP_ACTIVATION == RELU_SQUARED) return x > 0 ? 2 * x : 0.f;
  const float s = 1 / (1 + expf(-x));
  return s * (1 + x * (1 - s));
}

// a = phi(v); a spike's slope is the surrogate 1 / (100 |v| + 1)^2.
DEVICE float output(float v) {
  if (ACTIVATION == RECTIFIED) return v > 0 ? v : 0.f;
  if (ACTIVATION == SPIKE) return v > 0 ? 1.f : 0.f;
  return v;
}
DEVICE float output_slope(float v) {
  if (ACTIVATION == RECTIFIED) return v > 0 ? 1.f : 0.f;
  if (ACTIVATION == SPIKE) return 1 / ((100 * fabsf(v) + 1) * (100 * fabsf(v) + 1));
  return 1.f;
}
constexpr float WRITE_SLOPE = 2.f / 3.f;
constexpr double WRITE_FACTOR = 1.7159;
