// Forward: a warp takes its neurons through the steps, the equations of `NeuronSpec` in order.

// One neuron and BW sequences in one step, and the warp's scratch.
struct Task {
  int lane, n, neuron;   // neuron of the block, of the layer
  int sub, column, b0;   // which of the warps that share it; first sequence of the group, of all
  const float* weights;
  float *carried, *z, *hidden, *other, *record;
  DEVICE Task(const Args& a, float* sm, float* state, const Share& own, int step, int slice, int turn) {
    const int warp = threadIdx.x / 32;
    lane = threadIdx.x % 32, n = turn / SUB, neuron = own.first + n;
    sub = turn % SUB, column = slice * BT + sub * BW, b0 = own.b0 + column;
    weights = RESIDENT ? sm + Forward::weights + n * W_LEN : a.weights + (size_t)neuron * W_LEN;
    carried = state, z = sm + Forward::z + warp * up4(I * BW);
    hidden = sm + Forward::hidden + 2 * warp * Forward::each_hidden, other = hidden + Forward::each_hidden;
    record = a.records + slab(step, neuron, b0 / BW) * RECORD * BW;
  }
  DEVICE float& state(int row, int b) const {
    return carried[(n * CARRIED + row) * STATE_STRIDE + column + b];
  }
};

// b = scale * sum of w x over a branch's synapses, f = w a', both over traces; m~ = kappa_m m.
template <class Source>
DEVICE void branches(const Args& a, const Task& task, Source source, const float* synapses) {
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
      if (TRACE) {
        float& trace = task.state(TRACE_ROW + k, q + v);
        sum.v[v] = trace = a.trace_decay * trace + sum.v[v];
      }
    }
    store<V>(task.z + k * BW + q, sum);
  }
  for (int item = task.lane; item < F * BW; item += 32) {
    const int o = item / BW, b = item % BW;
    const float last = task.state(LAST_ROW + o, b);
    float f = task.weights[FEEDBACK_AT + o] * last;
    if (TRACE) {
      float& trace = task.state(TRACE_ROW + K + o, b);
      f = trace = a.trace_decay * trace + f;
    }
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
template <int J> DEVICE void mlp(const Args& a, const Task& task, const float* x) {
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
DEVICE void read_out(const Args& a, const Task& task, int t, float* seen) {
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

// The table [x ; a' ; 0] of a step: for each warp that shares a neuron its own sequences.
DEVICE void fill(float* table, const float* x, const float* seen, int begin) {
  for (int i = threadIdx.x; i < ROWS * (BT / V); i += THREADS) {
    const int row = i / (BT / V), q = i % (BT / V) * V;
    float* to = table + (q / BW * ROWS + row) * BW + q % BW;
    if (row < C) store<V>(to, load<V>(x + row * BP + begin + q));
    else store<V>(to, fresh<V>(seen + (row - C) * BP + begin + q));
  }
}

KERNEL(elm_forward, THREADS) {
  SHARED(sm);
  const Share own;
  Source* source = (Source*)(sm + Forward::source);
  float* table = sm + Forward::table;
  if (RESIDENT) {
    copy(sm + Forward::weights, a.weights + (size_t)own.first * W_LEN, own.count * W_LEN);
    copy(sm + Forward::synapses, a.synapses + (size_t)own.first * SYN, own.count * SYN);
    copy(source, a.source + (size_t)own.first * SYN, own.count * SYN);
  }
  float* carried = take_carried(sm + Forward::carried, a.carried, a.carried_on, own);
  u32 target = a.first * GB;
  for (int t = a.first; t < a.last; t++) {
    const int now = a.keep ? t : t % 2, next = a.keep ? t + 1 : (t + 1) % 2;
    const float *x = a.x + (size_t)t * C * BP, *seen = a.seen + (size_t)now * NS * BP;
    for (int slice = 0; slice < SLICES; slice++) {
      if (TABLED) fill(table, x, seen, own.b0 + slice * BT);
      __syncthreads();
      for (int turn = threadIdx.x / 32; turn < own.count * SUB; turn += WARPS) {
        const Task task(a, sm, carried, own, t - a.first, slice, turn);
        const size_t synapses = (size_t)task.neuron * SYN;
        const auto read_row = [&](int at, int q) {
          const u32 row = RESIDENT ? (u32)source[task.n * SYN + at] : a.source[synapses + at];
          if (TABLED) return load<V>(table + (task.sub * ROWS + row) * BW + q);
          if (row < C) return load<V>(x + (size_t)row * BP + task.b0 + q);
          return fresh<V>(seen + (size_t)(row - C) * BP + task.b0 + q);
        };
        branches(a, task, read_row, RESIDENT ? sm + Forward::synapses + task.n * SYN : a.synapses + synapses);
        mlp<0>(a, task, task.z);
        read_out(a, task, t, a.seen + (size_t)next * NS * BP);
      }
      if (slice + 1 < SLICES) __syncthreads();
    }
    if (RECURRENT && !a.again) meet(a.counter + own.group, target);
    else __syncthreads();
  }
  if (!a.again) hand_carried(a.carried_on, carried, own);
}
