// What is put off until the way back is done, or a segment of it, and its two ends.

// Carried gradients of the last state, and sums of nothing. One block a neuron.
KERNEL(elm_back_start, SMALL_THREADS) {
  const int n = blockIdx.x, tid = threadIdx.x;
  for (int i = tid; i < CARRIED * BP; i += SMALL_THREADS) {
    const int row = i / BP, b = i % BP;
    float d = 0;
    if (row == MAGNITUDE_ROW) d = a.d_magnitude ? given(a.d_magnitude, n, b) / ((float)a.steps * M) : 0.f;
    else if (a.d_end_state && !(TRACE == SYNAPSE_TRACE && row >= TRACE_ROW && row < TRACE_ROW + K))
      d = state_row(a, a.d_end_state, n, row, b);  // synapses: traces.cu
    a.d_carried[(size_t)n * CARRIED * BP + i] = d;
  }
  for (int tile = 0; tile < GROUPS * SUB; tile++)
    for (int i = tid; i < SUMS; i += SMALL_THREADS) a.sums[((size_t)tile * N + n) * SUMS + i] = 0;
  if (n == 0)
    for (int g = tid; g < GROUPS; g += SMALL_THREADS) a.counter[g] = 0;
}

// forward: y = bias + W x   so: d W += d y x^T, d bias += d y, over steps, last to first, and
// sequences; so that segments of steps, last to first, add up to the same bits. A thread has
// rows i0, i0 + IT, .. of x and h0, h0 + HT, .. of y; the last row of x is 1.
template <int J> DEVICE void map_gradient(const Args& a, int n, int chunk) {
  constexpr int IN = map_in(J), OUT = map_out(J), IT = edges_of(IN + 1), HT = edges_of(OUT), W = width(COLUMNS);
  SHARED(sm);
  float *x = sm, *y = sm + (IN + 1) * COLUMN_STRIDE;
  const int tid = threadIdx.x, part = chunk * MAP_THREADS + tid, i0 = part % IT, h0 = part / IT;
  const auto place = [&](int i, int h) {
    const size_t row = (size_t)n * OUT + h;
    return a.d_parameters + (i < IN ? p_map(J) + row * IN + i : p_map_bias(J) + row);
  };
  float sum[EDGE][EDGE];
#pragma unroll
  for (int r = 0; r < EDGE; r++)
#pragma unroll
    for (int q = 0; q < EDGE; q++) {
      const int i = i0 + r * IT, h = h0 + q * HT;
      sum[r][q] = a.add && i <= IN && h < OUT ? *place(i, h) : 0.f;
    }
  for (int c = tid; c < COLUMNS; c += MAP_THREADS) x[IN * COLUMN_STRIDE + c] = 1;
  for (int top = (a.last - a.first) * TILES - 1; top >= 0; top -= UNITS) {
    __syncthreads();
    for (int e = tid; e < UNITS * (IN + OUT) * BW; e += MAP_THREADS) {
      const int u = e / ((IN + OUT) * BW), row = e / BW % (IN + OUT), b = e % BW;
      float value = 0;
      if (top >= u) {
        const size_t at = slab((top - u) / TILES, n, (top - u) % TILES);
        if (row >= IN) value = a.deltas[(at * DELTA + delta_row(J) + row - IN) * BW + b];
        else if (J > 0) value = unit(a.records[(at * RECORD + hidden_row(J - 1) + row) * BW + b]);
        else value = a.records[(at * RECORD + row) * BW + b];
      }
      (row < IN ? x + row * COLUMN_STRIDE : y + (row - IN) * COLUMN_STRIDE)[u * BW + b] = value;
    }
    __syncthreads();
    if (h0 < HT)
      for (int c = 0; c < COLUMNS; c += W) {
        Vec<W> xs[EDGE], ys[EDGE];
#pragma unroll
        for (int r = 0; r < EDGE; r++) {
          xs[r] = load<W>(x + (i0 + r * IT <= IN ? i0 + r * IT : IN) * COLUMN_STRIDE + c);
          ys[r] = load<W>(y + (h0 + r * HT < OUT ? h0 + r * HT : OUT - 1) * COLUMN_STRIDE + c);
        }
#pragma unroll
        for (int r = 0; r < EDGE; r++)
#pragma unroll
          for (int q = 0; q < EDGE; q++)
#pragma unroll
            for (int v = 0; v < W; v++) sum[r][q] += xs[r].v[v] * ys[q].v[v];
      }
  }
  if (h0 >= HT) return;
#pragma unroll
  for (int r = 0; r < EDGE; r++)
#pragma unroll
    for (int q = 0; q < EDGE; q++)
      if (i0 + r * IT <= IN && h0 + q * HT < OUT) *place(i0 + r * IT, h0 + q * HT) = sum[r][q];
}
template <int J> DEVICE void map_gradients(const Args& a, int n, int chunk) {
  if (chunk < chunks_of(J)) map_gradient<J>(a, n, chunk);
  else if constexpr (J < LAYERS) map_gradients<J + 1>(a, n, chunk - chunks_of(J));
}
__host__ __device__ constexpr int all_chunks(int maps) {
  return maps ? all_chunks(maps - 1) + chunks_of(maps - 1) : 0;
}
static_assert(all_chunks(MAPS) == ELM_MAP_CHUNKS, "plan.rs");
KERNEL(elm_map_gradient, MAP_THREADS) {
  map_gradients<0>(a, blockIdx.x / all_chunks(MAPS), blockIdx.x % all_chunks(MAPS));
}

// forward: sum += w x of what the synapse reads   so: d w += d sum x, in the same order. A block
// has SYNAPSE_NEURONS neurons, a thread some of their synapses; where they are many, what all
// may read in a step is STAGED in shared memory.
KERNEL(elm_synapse_gradient, SYNAPSE_THREADS) {
  constexpr int EACH = (SYNAPSE_NEURONS * SYN + SYNAPSE_THREADS - 1) / SYNAPSE_THREADS;
  SHARED(sm);
  float* table = sm + up4(SYNAPSE_NEURONS * K * BW);
  const int tid = threadIdx.x, first = blockIdx.x * SYNAPSE_NEURONS;
  const int count = N - first < SYNAPSE_NEURONS ? N - first : SYNAPSE_NEURONS;
  const size_t synapses = (size_t)first * SYN;
  const auto parameter = [&](int j) { return (size_t)(first + j / SYN) * SYN + a.origin[synapses + j]; };
  const auto branch_of = [](int j) { return j / SYN * K + j % SYN % K; };
  float sum[EACH];
  u32 place[EACH];  // row of the table; where it is staged, below 2^16, the branch on top
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    const int j = e * SYNAPSE_THREADS + tid;
    const u32 row = j < count * SYN ? a.source[synapses + j] : 0;
    place[e] = STAGED && j < count * SYN ? row | (u32)branch_of(j) << 16 : row;
    sum[e] = a.add && j < count * SYN ? a.d_parameters[parameter(j)] : 0.f;
    if (TRACE == SYNAPSE_TRACE && a.d_end_state && !a.add && j < count * SYN)  // the end's s = .. + w X
      for (int b = 0; b < B; b++)
        sum[e] += given(a.d_end_state, trace_row(a, synapses + j), b) * a.source_trace[(size_t)row * BP + b];
  }
  for (int top = (a.last - a.first) * TILES - 1; top >= 0; top -= SLABS) {
    const int here = top + 1 < SLABS ? top + 1 : SLABS;
    const auto seen_row = [&](int s, u32 row) {
      const size_t t = a.first + (top - s) / TILES;
      const float* x = row < C ? a.x + (t * C + row) * BP : a.seen + (t * NS + row - C) * BP;
      return x + (top - s) % TILES * BW;
    };
    __syncthreads();
    for (int i = tid; i < here * count * K * BW; i += SYNAPSE_THREADS) {
      const int s = top - i / (count * K * BW), rest = i % (count * K * BW);
      const size_t at = slab(s / TILES, first + rest / (K * BW), s % TILES);
      sm[i] = a.deltas[at * DELTA * BW + rest % (K * BW)];
    }
    if (STAGED)
      for (int i = tid; i < ROWS * (BW / V); i += SYNAPSE_THREADS)
        store<V>(table + i * V, load<V>(seen_row(0, i / (BW / V)) + i % (BW / V) * V));
    __syncthreads();
    for (int s = 0; s < here; s++)
#pragma unroll
      for (int e = 0; e < EACH; e++) {
        const int branch = STAGED ? place[e] >> 16 : branch_of(e * SYNAPSE_THREADS + tid) % (count * K);
        float xs[BW], ds[BW];
        read<BW>(sm + (s * count * K + branch) * BW, ds);
        read<BW>(STAGED ? table + (place[e] & 0xffff) * BW : seen_row(s, place[e]), xs);
#pragma unroll
        for (int b = 0; b < BW; b++) sum[e] += ds[b] * xs[b];
      }
  }
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    const int j = e * SYNAPSE_THREADS + tid;
    if (j >= count * SYN) continue;
    const size_t p = parameter(j);
    a.d_parameters[p] = a.rectified && a.parameters[p] <= 0 ? 0.f : sum[e];
  }
}

// forward: x = factor * mask * input   so: d input = factor * mask * sum of w d sum over the
// synapses that read the channel. One block a step.
KERNEL(elm_input_gradient, SMALL_THREADS) {
  const int step = blockIdx.x;
  for (int i = threadIdx.x; i < C * B; i += SMALL_THREADS) {
    const int c = i / B, b = i % B;
    float sum = 0;
    for (u32 e = a.in_starts[c]; e < a.in_starts[c + 1]; e++) {
      const u32 row = a.in_row[e];
      sum += a.synapses[a.in_at[e]] * a.deltas[(slab(step, row / K, b / BW) * DELTA + row % K) * BW + b % BW];
    }
    if (TRACE == SYNAPSE_TRACE) sum += traced_back(a, c, a.first + step, b);
    const float mask = a.input_mask ? a.input_mask[i] : 1.f;
    a.d_dense[(size_t)(a.first + step) * C * B + i] = a.input_factor * mask * sum;
  }
}

// The sums over time, and the start state. One block a neuron.
KERNEL(elm_finish, SMALL_THREADS) {
  const int n = blockIdx.x, tid = threadIdx.x;
  const auto sum = [&](int row) {
    float all = 0;
    for (int tile = 0; tile < GROUPS * SUB; tile++) all += a.sums[((size_t)tile * N + n) * SUMS + row];
    return all;
  };
  float *readout = a.d_parameters + P_READOUT + (size_t)n * O * M, *bias = a.d_parameters + P_BIAS + (size_t)n * O;
  for (int i = tid; i < O * M; i += SMALL_THREADS) readout[i] = sum(S_READOUT + i);
  for (int i = tid; i < O; i += SMALL_THREADS) bias[i] = sum(S_BIAS + i);
  if (!FIXED)
    for (int i = tid; i < F; i += SMALL_THREADS) {
      const size_t p = P_FEEDBACK + (size_t)n * F + i;
      a.d_parameters[p] = a.rectified && a.parameters[p] <= 0 ? 0.f : sum(S_FEEDBACK + i);
    }
  // d raw = sum(d m~ m~) (ln kappa)' + sum(d m tanh) write'
  if (!a.tau_raw)
    for (int i = tid; i < M; i += SMALL_THREADS) {
      const Timescale unit = timescale(a, n * M + i);
      const double d = sum(S_KEEP + i) * unit.log_keep_slope + sum(S_WRITE + i) * unit.write_slope;
      a.d_parameters[P_TAU + (size_t)n * M + i] = d;
    }
  const float* carried = a.d_carried + (size_t)n * CARRIED * BP;
  for (int i = tid; i < O * B; i += SMALL_THREADS) {
    const int o = i / B, b = i % B;
    float d = F ? carried[(LAST_ROW + o) * BP + b] : 0.f;
    if (RECURRENT) {
      float d_seen = 0;
      for (int g = 0; g < GB; g++) d_seen += a.partial[((size_t)g * N + n) * BP + b];
      if (TRACE == SYNAPSE_TRACE) d_seen += traced_back(a, C + n, 0, b);
      d += (a.activity_mask ? a.activity_mask[(size_t)n * B + b] : 1.f) * d_seen;
    }
    a.d_state[(size_t)n * O * B + i] = d;
  }
  give_state(carried, a.d_state, n);
  if (TRACE == SYNAPSE_TRACE) start_traces_back(a, n, carried);
}
