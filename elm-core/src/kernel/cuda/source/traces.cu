// Traces of synapses. Those of a branch decay alike, so the recurrence carries their sum; each
// one's end state follows from one trace X a row of the table: s = kappa_s^T s_0 + w X.

// X = kappa_s X' + what synapses read. Any number of blocks.
KERNEL(elm_source_trace, SMALL_THREADS) {
  for (int i = blockIdx.x * SMALL_THREADS + threadIdx.x; i < ROWS * BP; i += gridDim.x * SMALL_THREADS) {
    const bool input = i < C * BP;
    const float* read = input ? a.x + i : a.seen + (i - C * BP);
    const size_t stride = (input ? C : NS) * (size_t)BP;
    float x = 0;
    for (int t = 0; t < a.steps; t++) x = a.trace_decay * x + read[t * stride];
    a.source_trace[i] = x;
  }
}

// The caller's row of state of a synapse, given in the order of `source`.
DEVICE size_t trace_row(const Args& a, size_t at) {
  return ST_TRACE + at / SYN * TRACES + a.origin[at];
}
DEVICE float left(const Args& a) { return powf(a.trace_decay, a.steps); }

// s = kappa_s^T s_0 + w X. One block a neuron.
KERNEL(elm_trace_end, SMALL_THREADS) {
  for (int i = threadIdx.x; i < SYN * B; i += SMALL_THREADS) {
    const size_t at = (size_t)blockIdx.x * SYN + i / B, row = trace_row(a, at);
    const int b = i % B;
    const float now = a.synapses[at] * a.source_trace[(size_t)a.source[at] * BP + b];
    a.end_state[row * B + b] = left(a) * a.state[row * B + b] + now;
  }
}

// so: d X = the sum of w d s over the synapses that read the row. Any number of blocks.
KERNEL(elm_trace_back, SMALL_THREADS) {
  for (int i = blockIdx.x * SMALL_THREADS + threadIdx.x; i < ROWS * BP; i += gridDim.x * SMALL_THREADS) {
    const int row = i / BP, b = i % BP;
    float sum = 0;
    const auto add = [&](const u32* list, u32 from, u32 to) {
      for (u32 e = from; e < to; e++) sum += a.synapses[list[e]] * given(a.d_end_state, trace_row(a, list[e]), b);
    };
    if (row < C) add(a.in_at, a.in_starts[row], a.in_starts[row + 1]);
    else if (RECURRENT && row < C + N)
      for (int block = 0; block < GB; block++) {
        const u32* starts = a.starts + (size_t)block * (N + 1) + row - C;
        add(a.edge_at + (size_t)block * NB * SYN, starts[0], starts[1]);
      }
    a.d_source_trace[i] = sum;
  }
}

// forward: a branch begins with scale * the sum of its s_0   so: d s_0 = scale * d b + kappa_s^T d s
DEVICE void start_traces_back(const Args& a, int n, const float* carried) {
  for (int i = threadIdx.x; i < SYN * B; i += SMALL_THREADS) {
    const int j = i / B, b = i % B;
    const size_t row = ST_TRACE + (size_t)n * TRACES + j;
    const float d_end = a.d_end_state ? a.d_end_state[row * B + b] : 0.f;
    a.d_state[row * B + b] = a.input_scale * carried[(TRACE_ROW + j / S) * BP + b] + left(a) * d_end;
  }
}
