// Backward: the same in reverse. The forward line is quoted, and what follows from it; d x is
// the gradient of the loss by x, x' is x of the step before. Carried rows hold gradients.

struct BackTask {
  int lane, n, neuron, sub, column, b0;  // as in Task
  const float *weights, *record;
  float *carried, *sums, *branches, *delta, *hidden, *other;
  float *kept, *bounded, *d_drive, *d_readout;
  DEVICE BackTask(const Args& a, float* sm, float* state, const Share& own, int step, int slice, int turn) {
    typedef Backward At;
    const int warp = threadIdx.x / 32;
    lane = threadIdx.x % 32, n = turn / SUB, neuron = own.first + n;
    sub = turn % SUB, column = slice * BT + sub * BW, b0 = own.b0 + column;
    weights = RESIDENT ? sm + At::weights + n * W_LEN : a.weights + (size_t)neuron * W_LEN;
    const size_t at = slab(step, neuron, b0 / BW);
    record = a.records + at * RECORD * BW, delta = a.deltas + at * DELTA * BW;
    carried = state, sums = sm + At::sums + turn * SUMS, branches = sm + At::branches;
    hidden = sm + At::hidden + 2 * warp * At::each_hidden, other = hidden + At::each_hidden;
    kept = sm + At::kept + warp * At::each_kept, bounded = sm + At::bounded + warp * At::each_bounded;
    d_drive = sm + At::readout + 2 * warp * At::each_readout, d_readout = d_drive + At::each_readout;
  }
  DEVICE float& state(int row, int b) const {
    return carried[(n * CARRIED + row) * STATE_STRIDE + column + b];
  }
};

// forward: every block reads seen = mask * a'   so: d seen = the sum over blocks, in a fixed order.
// Answers that of sequence lane % SPAN.
DEVICE float gathered(const Args& a, int step, int neuron, int b0, int lane) {
  constexpr int SPAN = BW <= 1 ? 1 : BW <= 2 ? 2 : BW <= 4 ? 4 : BW <= 8 ? 8 : BW <= 16 ? 16 : 32;
  const float* parts = a.partial + ((size_t)(step % 2) * GB * N + neuron) * BP + b0 + lane % SPAN;
  float sum = 0;
  if (lane % SPAN < BW)
#pragma unroll 16
    for (int g = lane / SPAN; g < GB; g += 32 / SPAN) sum += __ldcg(parts + (size_t)g * N * BP);
  for (int d = SPAN; d < 32; d *= 2) sum += __shfl_xor_sync(~0u, sum, d);
  return sum;
}

// forward: X = kappa_s X' + what synapses read, at the end s = .. + w X (traces.cu)
// so:      d of what they read in step t += kappa_s^(T - 1 - t) d X
DEVICE float traced_back(const Args& a, int row, int t, int b) {
  if (!a.d_source_trace) return 0;
  return powf(a.trace_decay, a.steps - 1 - t) * a.d_source_trace[(size_t)row * BP + b];
}

// forward: v = y - r + b, r = kappa_r r' + (1 - kappa_r) y, a = phi(v); the answer, the end
//          state, the next step's synapses and feedback read a
// so:      d v = phi'(v) d a, d b += d v, d r -= d v, d y = d v + (1 - kappa_r) d r, d r' = kappa_r d r
DEVICE void read_out_back(const Args& a, const BackTask& task, int t) {
  float d_seen = 0;
  if (RECURRENT && t + 1 < a.steps) d_seen = gathered(a, t + 1, task.neuron, task.b0, task.lane);
  if (RECURRENT && TRACE == SYNAPSE_TRACE && t + 1 < a.steps && task.lane < BW)
    d_seen += traced_back(a, C + task.neuron, t + 1, task.b0 + task.lane);
  for (int item = task.lane; item < O * BW; item += 32) {
    const int o = item / BW, b = item % BW, column = task.b0 + b;
    const size_t row = (size_t)task.neuron * O + o;
    float d = a.d_activity ? given(a.d_activity, (size_t)t * N * O + row, column) : 0.f;
    if (t + 1 == a.steps && a.d_end_state) d += given(a.d_end_state, row, column);
    if (RECURRENT) d += a.activity_mask ? given(a.activity_mask, task.neuron, column) * d_seen : d_seen;
    if (F) d += task.state(LAST_ROW + o, b);
    d *= output_slope(task.record[(DRIVE_ROW + o) * BW + b]);
    task.d_drive[item] = d;
    if (HIGH_PASS) {
      float& r = task.state(AVERAGE_ROW + o, b);
      const float d_average = r - d;
      d += a.average_take * d_average;
      r = a.average_decay * d_average;
    }
    task.d_readout[item] = d;
  }
}

// forward: y = W m, m = m~ + write tanh(2/3 o), magnitude = mean of |o|, o = mask * o of the MLP
// so:      d m += W^T d y, d W += d y m^T, d write += d m tanh, d o = d m write 2/3 (1 - tanh^2)
DEVICE void memory_back(const Args& a, const BackTask& task, float* d_o) {
  for (int item = task.lane; item < M * BW; item += 32) {
    const int i = item / BW, b = item % BW;
    const float bounded = task.record[BOUNDED_ROW * BW + item];
    task.bounded[item] = bounded;
    task.kept[item] = task.record[BR * BW + item];
    float d = task.state(i, b);
    for (int o = 0; o < O; o++) d += task.weights[READOUT_AT + o * M + i] * task.d_readout[o * BW + b];
    task.state(i, b) = d;
    d *= task.weights[WRITE_AT + i] * WRITE_SLOPE * (1 - bounded * bounded);
    if (a.d_magnitude) d += task.state(MAGNITUDE_ROW, b) * (bounded > 0 ? 1.f : bounded < 0 ? -1.f : 0.f);
    if (a.memory_mask) d *= given(a.memory_mask, (size_t)task.neuron * M + i, task.b0 + b);
    d_o[item] = task.delta[delta_row(LAYERS) * BW + item] = d;
  }
  __syncwarp();
  for (int s = task.lane; s < M * (O + 1) + O; s += 32) {
    float sum = 0;
    if (s < O * M) {
      const int o = s / M, i = s % M;
      const float w = task.weights[WRITE_AT + i];
      for (int b = 0; b < BW; b++)
        sum += task.d_readout[o * BW + b] * (task.kept[i * BW + b] + w * task.bounded[i * BW + b]);
      task.sums[S_READOUT + s] += sum;
    } else if (s < O * M + O) {
      for (int b = 0; b < BW; b++) sum += task.d_drive[(s - O * M) * BW + b];
      task.sums[S_BIAS + s - O * M] += sum;
    } else {
      const int i = s - O * M - O;
      for (int b = 0; b < BW; b++) sum += task.state(i, b) * task.bounded[i * BW + b];
      task.sums[S_WRITE + i] += sum;
    }
  }
  if (LAYERS == 0) __syncwarp();  // the way back through the maps changes d m at once
}

// forward: b = kappa_b b' + scale * sum (or f likewise, of w a')   so: d b += d z,
//          d sum = scale * d b, d b' = kappa_b d b; d a' = w d f, d w += d f a'
template <int PART>
DEVICE void branch_back(const Args& a, const BackTask& task, int k, int q, float (&d)[PART]) {
#pragma unroll
  for (int b = 0; b < PART; b++) {
    if (TRACE) {
      d[b] += task.state(TRACE_ROW + k, q + b);
      task.state(TRACE_ROW + k, q + b) = a.trace_decay * d[b];
    }
    if (k >= K) {
      task.kept[(M + k - K) * BW + q + b] = d[b] * task.record[(FED_ROW + k - K) * BW + q + b];
      task.state(LAST_ROW + k - K, q + b) = task.weights[FEEDBACK_AT + k - K] * d[b];
    } else {
      d[b] *= a.input_scale;
    }
  }
  write<PART>(task.delta + k * BW + q, d);
  if (RECURRENT && k < K) write<PART>(task.branches + (task.n * K + k) * BT + task.sub * BW + q, d);
}

// Back through the maps, to z = [b ; m~].
// forward: m~ = kappa_m m', read by MLP and memory   so: d m~ = d m + d z, d m' = kappa_m d m~
template <int J> DEVICE void mlp_back(const Args& a, const BackTask& task, float* dy, float* dx) {
  const float* weights = task.weights + map_at(J);
  if constexpr (J > 0) {
    constexpr int PART = part_of(H);
    linear_back<H, map_out(J)>(weights, dy, task.lane, [&](int h, int q, float (&d)[PART]) {
      float pre[PART];
      read<PART>(task.record + (hidden_row(J - 1) + h) * BW + q, pre);
#pragma unroll
      for (int b = 0; b < PART; b++) d[b] *= unit_slope(pre[b]);
      write<PART>(dx + h * BW + q, d);
      write<PART>(task.delta + (delta_row(J - 1) + h) * BW + q, d);
    });
    __syncwarp();
    mlp_back<J - 1>(a, task, dx, dy);
  } else {
    constexpr int PART = part_of(I);
    linear_back<I, map_out(0)>(weights, dy, task.lane, [&](int row, int q, float (&d)[PART]) {
      if (row < BR) return branch_back<PART>(a, task, row, q, d);
      const int i = row - BR;
#pragma unroll
      for (int b = 0; b < PART; b++) {
        const float d_kept = task.state(i, q + b) + d[b];
        task.state(i, q + b) = task.weights[KEEP_AT + i] * d_kept;
        task.kept[i * BW + q + b] *= d_kept;
      }
    });
    __syncwarp();
    for (int s = task.lane; s < M + F; s += 32) {
      float sum = 0;
      for (int b = 0; b < BW; b++) sum += task.kept[s * BW + b];
      task.sums[s < M ? S_KEEP + s : S_FEEDBACK + s - M] += sum;
    }
  }
}

// forward: branch sums read seen   so: d seen += w d sum, by the neuron read: a block's part.
DEVICE void scatter(const Args& a, const Share& own, int t, int begin, const float* sm) {
  const size_t of_block = (size_t)own.rank * NB * SYN;
  const float* branches = sm + Backward::branches;
  const EdgeRow* rows = (const EdgeRow*)(sm + Backward::edge_row);
  const u32* starts = RESIDENT ? (const u32*)(sm + Backward::starts) : a.starts + (size_t)own.rank * (N + 1);
  float* out = a.partial + ((size_t)(t % 2) * GB + own.rank) * N * BP + begin;
  for (int item = threadIdx.x; item < N * (BT / V); item += THREADS) {
    const int neuron = item / (BT / V), q = item % (BT / V) * V;
    Vec<V> sum = {};
    for (u32 e = starts[neuron]; e < starts[neuron + 1]; e++) {
      const float w = RESIDENT ? sm[Backward::edges + e] : a.edges[of_block + e];
      const Vec<V> d = load<V>(branches + (RESIDENT ? (u32)rows[e] : a.edge_row[of_block + e]) * BT + q);
#pragma unroll
      for (int v = 0; v < V; v++) sum.v[v] += w * d.v[v];
    }
    store<V>(out + (size_t)neuron * BP + q, sum);
  }
}

// Where sum i of a block lies in [GROUPS * SUB][N][SUMS].
DEVICE size_t sum_at(const Share& own, int i) {
  return ((size_t)(own.group * SUB + i / SUMS % SUB) * N + own.first + i / SUMS / SUB) * SUMS + i % SUMS;
}

KERNEL(elm_backward, THREADS) {
  SHARED(sm);
  const Share own;
  float* sums = sm + Backward::sums;
  const int sum_count = own.count * SUB * SUMS;
  if (RESIDENT) copy(sm + Backward::weights, a.weights + (size_t)own.first * W_LEN, own.count * W_LEN);
  if (RESIDENT && RECURRENT) {
    const size_t of_block = (size_t)own.rank * NB * SYN;
    copy((u32*)(sm + Backward::starts), a.starts + (size_t)own.rank * (N + 1), N + 1);
    copy((EdgeRow*)(sm + Backward::edge_row), a.edge_row + of_block, own.count * SYN);
    copy(sm + Backward::edges, a.edges + of_block, own.count * SYN);
  }
  float* carried = take_carried(sm + Backward::carried, a.d_carried, a.d_carried, own);
  for (int i = threadIdx.x; i < sum_count; i += THREADS) sums[i] = a.sums[sum_at(own, i)];
  __syncthreads();
  u32 target = (a.steps - a.last) * GB;
  for (int t = a.last - 1; t >= a.first; t--) {
    for (int slice = 0; slice < SLICES; slice++) {
      for (int turn = threadIdx.x / 32; turn < own.count * SUB; turn += WARPS) {
        const BackTask task(a, sm, carried, own, t - a.first, slice, turn);
        if (t > a.first) prefetch(task.record - (size_t)N * TILES * RECORD * BW, RECORD * BW, task.lane);
        read_out_back(a, task, t);
        __syncwarp();
        memory_back(a, task, task.hidden);
        mlp_back<LAYERS>(a, task, task.hidden, task.other);
      }
      if (RECURRENT) {
        __syncthreads();
        scatter(a, own, t, own.b0 + slice * BT, sm);
        if (slice + 1 < SLICES) __syncthreads();
      }
    }
    if (RECURRENT) meet(a.counter + own.group, target);
  }
  __syncthreads();
  hand_carried(a.d_carried, carried, own);
  for (int i = threadIdx.x; i < sum_count; i += THREADS) a.sums[sum_at(own, i)] = sums[i];
}
