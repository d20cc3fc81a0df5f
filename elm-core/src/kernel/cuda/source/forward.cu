// Forward: a warp takes its neurons through the steps, the equations of `NeuronSpec` in order.

// One neuron and BW sequences in one step, and the warp's scratch.
struct Task {
  int lane, n, neuron, column;  // neuron of the block, of the layer; first sequence of the group
  int b0, tile;                 // first sequence of all, its tile
  const float* weights;
  float *carried, *z, *hidden, *other, *record;
  __device__ __forceinline__ float& state(int row, int b) const { return carried[(n * CARRIED + row) * BG + column + b]; }
};
__device__ __forceinline__ size_t slab(int step, int neuron, int tile) {
  return ((size_t)step * N + neuron) * TILES + tile;
}

// b = scale * sum of w x over a branch's synapses, f = w a', both over traces; m~ = kappa_m m.
template <class Source>
__device__ __forceinline__ void branches(const Args& a, const Task& task, Source source, const float* synapses) {
  for (int item = task.lane; item < K * (BW / V); item += 32) {
    const int k = item / (BW / V), q = item % (BW / V) * V;
    Vec<V> sum = {};
#pragma unroll 5
    for (int j = 0; j < S; j++) {
      const float w = synapses[j * K + k];
      const Vec<V> x = source(j * K + k, q);
#pragma unroll
      for (int v = 0; v < V; v++) sum.v[v] += w * x.v[v];
    }
#pragma unroll
    for (int v = 0; v < V; v++) {
      sum.v[v] *= a.input_scale;
      if (TRACE) sum.v[v] = task.state(TRACE_ROW + k, q + v) = a.trace_decay * task.state(TRACE_ROW + k, q + v) + sum.v[v];
    }
    store<V>(task.z + k * BW + q, sum);
  }
  for (int item = task.lane; item < F * BW; item += 32) {
    const int o = item / BW, b = item % BW;
    const float last = task.state(LAST_ROW + o, b);
    float f = task.weights[FEEDBACK_AT + o] * last;
    if (TRACE) f = task.state(TRACE_ROW + K + o, b) = a.trace_decay * task.state(TRACE_ROW + K + o, b) + f;
    task.z[(K + o) * BW + b] = f;
    if (a.records) task.record[(FED_ROW + o) * BW + b] = last;
  }
  for (int item = task.lane; item < M * BW; item += 32)
    task.z[BR * BW + item] = task.weights[KEEP_AT + item / BW] * task.state(item / BW, item % BW);
  __syncwarp();
  if (a.records)
    for (int item = task.lane; item < I * BW; item += 32) task.record[item] = task.z[item];
}

// o = MLP([b ; m~]), m = m~ + write * tanh(2/3 o); `write` has 1.7159 in it.
template <int J> __device__ __forceinline__ void mlp(const Args& a, const Task& task, const float* x) {
  float* y = J % 2 ? task.other : task.hidden;
  if constexpr (J < LAYERS) {
    constexpr int PART = part_of(H);
    linear<map_in(J), H>(task.weights + map_at(J), x, task.lane, [&](int h, int q, float (&pre)[PART]) {
      if (a.records) write<PART>(task.record + (hidden_row(J) + h) * BW + q, pre);
#pragma unroll
      for (int b = 0; b < PART; b++) pre[b] = unit(pre[b]);
      write<PART>(y + h * BW + q, pre);
    });
    __syncwarp();
    mlp<J + 1>(a, task, y);
  } else {
    constexpr int PART = part_of(M);
    linear<map_in(J), M>(task.weights + map_at(J), x, task.lane, [&](int i, int q, float (&o)[PART]) {
#pragma unroll
      for (int b = 0; b < PART; b++) {
        if (a.memory_mask) o[b] *= given(a.memory_mask, (size_t)task.neuron * M + i, task.b0 + q + b);
        y[i * BW + q + b] = fabsf(o[b]);
        o[b] = tanhf(WRITE_SLOPE * o[b]);
        task.state(i, q + b) = task.z[(BR + i) * BW + q + b] + task.weights[WRITE_AT + i] * o[b];
      }
      if (a.records) write<PART>(task.record + (BOUNDED_ROW + i) * BW + q, o);
    });
    __syncwarp();
    if (a.magnitude)
      for (int b = task.lane; b < BW; b += 32) {
        float sum = 0;
        for (int i = 0; i < M; i++) sum += y[i * BW + b];
        task.state(MAGNITUDE_ROW, b) += sum;
      }
  }
}

// y = W m; r = kappa_r r + (1 - kappa_r) y, y <- y - r; a = phi(y + b).
__device__ __forceinline__ void read_out(const Args& a, const Task& task, int t, float* seen) {
  for (int item = task.lane; item < O * BW; item += 32) {
    const int o = item / BW, b = item % BW;
    float y = 0;
    for (int i = 0; i < M; i++) y += task.weights[READOUT_AT + o * M + i] * task.state(i, b);
    if (HIGH_PASS) {
      float& r = task.state(AVERAGE_ROW + o, b);
      r = a.average_decay * r + a.average_take * y;
      y -= r;
    }
    y += task.weights[BIAS_AT + o];
    if (a.records) task.record[(DRIVE_ROW + o) * BW + b] = y;
    const float active = output(y);
    if (F) task.state(LAST_ROW + o, b) = active;
    const int column = task.b0 + b;
    if (a.activity && column < B) a.activity[(((size_t)t * N + task.neuron) * O + o) * B + column] = active;
    if (RECURRENT && !a.again) {
      const float mask = a.activity_mask ? given(a.activity_mask, task.neuron, column) : column < B;
      seen[task.neuron * BP + column] = mask * active;
    }
  }
}

KERNEL(elm_forward, THREADS) {
  SHARED(sm);
  const int tid = threadIdx.x, warp = tid / 32, group = blockIdx.x / GB, rank = blockIdx.x % GB;
  const int first = rank * NB, count = N - first < NB ? (N - first > 0 ? N - first : 0) : NB, b0 = group * BG;
  Source* source = (Source*)(sm + Forward::source);
  float *carried = sm + Forward::carried, *table = sm + Forward::table;
  if (RESIDENT) {
    for (int i = tid; i < count * W_LEN; i += THREADS) sm[Forward::weights + i] = a.weights[(size_t)first * W_LEN + i];
    for (int i = tid; i < count * SYN; i += THREADS) {
      sm[Forward::synapses + i] = a.synapses[(size_t)first * SYN + i];
      source[i] = a.source[(size_t)first * SYN + i];
    }
  }
  for (int i = tid; i < count * CARRIED * BG; i += THREADS)
    carried[i] = a.carried[((size_t)first * CARRIED + i / BG) * BP + b0 + i % BG];
  u32 target = a.first * GB;
  for (int t = a.first; t < a.last; t++) {
    const float *x = a.x + (size_t)t * C * BP, *seen = a.seen + (size_t)(a.keep ? t : t % 2) * NS * BP;
    float* seen_next = a.seen + (size_t)(a.keep ? t + 1 : (t + 1) % 2) * NS * BP;
    for (int slice = 0; slice < SLICES; slice++) {
      const int begin = b0 + slice * BT;
      if (TABLED) {  // [x ; a' ; 0], for each warp that shares a neuron its own sequences
        for (int i = tid; i < C * (BT / V); i += THREADS) {
          const int row = i / (BT / V), q = i % (BT / V) * V;
          store<V>(table + (q / BW * ROWS + row) * BW + q % BW, load<V>(x + row * BP + begin + q));
        }
        for (int i = tid; i < NS * (BT / V); i += THREADS) {
          const int row = i / (BT / V), q = i % (BT / V) * V;
          store<V>(table + (q / BW * ROWS + C + row) * BW + q % BW, fresh<V>(seen + row * BP + begin + q));
        }
      }
      __syncthreads();
      for (int turn = warp; turn < count * SUB; turn += WARPS) {
        const int n = turn / SUB, sub = turn % SUB, neuron = first + n;
        const size_t record = slab(t - a.first, neuron, (begin + sub * BW) / BW) * RECORD * BW;
        const Task task = {tid % 32, n, neuron, slice * BT + sub * BW, begin + sub * BW, (begin + sub * BW) / BW,
                           RESIDENT ? sm + Forward::weights + n * W_LEN : a.weights + (size_t)neuron * W_LEN,
                           carried, sm + Forward::z + warp * up4(I * BW),
                           sm + Forward::hidden + 2 * warp * Forward::each_hidden,
                           sm + Forward::hidden + (2 * warp + 1) * Forward::each_hidden, a.records + record};
        branches(a, task, [&](int at, int q) {
          const u32 row = RESIDENT ? (u32)source[n * SYN + at] : a.source[(size_t)neuron * SYN + at];
          if (TABLED) return load<V>(table + (sub * ROWS + row) * BW + q);
          if (row < C) return load<V>(x + (size_t)row * BP + task.b0 + q);
          return fresh<V>(seen + (size_t)(row - C) * BP + task.b0 + q);
        }, RESIDENT ? sm + Forward::synapses + n * SYN : a.synapses + (size_t)neuron * SYN);
        mlp<0>(a, task, task.z);
        read_out(a, task, t, seen_next);
      }
      if (slice + 1 < SLICES) __syncthreads();
    }
    if (RECURRENT && !a.again) meet(a.counter + group, target);
    else __syncthreads();
  }
  if (a.again) return;
  for (int i = tid; i < count * CARRIED * BG; i += THREADS)
    a.carried_on[((size_t)first * CARRIED + i / BG) * BP + b0 + i % BG] = carried[i];
}
