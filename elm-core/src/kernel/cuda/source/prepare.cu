// Before the first step: weights in the order of use, the input as synapses see it, the state.

// kappa_m and what is written of a memory unit, and how both change with tau's logit.
struct Timescale {
  double keep, write, log_keep_slope, write_slope;
  DEVICE Timescale(const Args& a, double raw) {
    const double share = 1 / (1 + exp(-raw)), range = a.tau_high - a.tau_low, free = a.tau_low + range * share;
    const double tau = free > 1e-6 ? free : 1e-6, rate = a.delta_t / tau;
    log_keep_slope = rate / tau * (free > 1e-6 ? range * share * (1 - share) : 0);
    keep = exp(-rate);
    const double faster = exp(-rate * a.lambda);
    write = WRITE_FACTOR * (a.lambda_scale ? a.lambda * (1 - keep) : 1 - faster);
    write_slope = -WRITE_FACTOR * a.lambda * (a.lambda_scale ? keep : faster) * log_keep_slope;
  }
};
DEVICE Timescale timescale(const Args& a, int unit) {
  return Timescale(a, a.tau_raw ? a.tau_raw[unit] : a.parameters[P_TAU + unit]);
}
DEVICE float effective(const Args& a, size_t synapse) {
  const float w = FIXED ? (float)a.fixed_weight : a.parameters[synapse];
  return a.rectified && w < 0 ? 0.f : w;
}

// One block a neuron, and the edges shared out.
KERNEL(elm_pack, SMALL_THREADS) {
  const int n = blockIdx.x, tid = threadIdx.x;
  float* to = a.weights + (size_t)n * W_LEN;
  for (int j = 0; j < MAPS; j++) {
    const int in = map_in(j), out = map_out(j), stride = odd(out);
    const float* w = a.parameters + p_map(j) + (size_t)n * in * out;
    const float* bias = a.parameters + p_map_bias(j) + (size_t)n * out;
    for (int i = tid; i < in * out; i += SMALL_THREADS) to[map_at(j) + i % in * stride + i / in] = w[i];
    for (int i = tid; i < out; i += SMALL_THREADS) to[map_at(j) + in * stride + i] = bias[i];
  }
  for (int i = tid; i < M; i += SMALL_THREADS) {
    const Timescale unit = timescale(a, n * M + i);
    to[KEEP_AT + i] = unit.keep;
    to[WRITE_AT + i] = unit.write;
  }
  const float* readout = a.parameters + P_READOUT + (size_t)n * O * M;
  const float* bias = a.parameters + P_BIAS + (size_t)n * O;
  for (int i = tid; i < O * M; i += SMALL_THREADS) to[READOUT_AT + i] = readout[i];
  for (int i = tid; i < O; i += SMALL_THREADS) to[BIAS_AT + i] = bias[i];
  for (int i = tid; i < F; i += SMALL_THREADS) to[FEEDBACK_AT + i] = effective(a, P_FEEDBACK + (size_t)n * F + i);
  for (int i = tid; i < SYN; i += SMALL_THREADS)
    a.synapses[(size_t)n * SYN + i] = effective(a, (size_t)n * SYN + a.origin[(size_t)n * SYN + i]);
}

// The weights of edges, in the order of use; any number of blocks.
KERNEL(elm_edges, SMALL_THREADS) {
  for (size_t e = blockIdx.x * SMALL_THREADS + threadIdx.x; e < (size_t)GB * NB * SYN; e += gridDim.x * SMALL_THREADS)
    a.edges[e] = a.synapses[a.edge_at[e]];
}

// x: factor * mask * input, or zeros for events to come; any number of blocks.
KERNEL(elm_input, SMALL_THREADS) {
  const size_t all = (size_t)a.steps * C * BP;
  for (size_t i = blockIdx.x * SMALL_THREADS + threadIdx.x; i < all; i += gridDim.x * SMALL_THREADS) {
    const size_t row = i / BP;
    const int b = i % BP;
    float x = a.dense ? a.input_factor * given(a.dense, row, b) : 0.f;
    if (a.dense && a.input_mask) x *= given(a.input_mask, row % C, b);
    a.x[i] = x;
  }
}
KERNEL(elm_events, SMALL_THREADS) {
  for (int e = blockIdx.x * SMALL_THREADS + threadIdx.x; e < a.events; e += gridDim.x * SMALL_THREADS)
    a.x[(size_t)a.event_step[e] * C * BP + a.event_place[e]] = a.event_value[e];
}

// A neuron's carried row in the caller's state. Synapse traces of a branch decay alike, so
// the branch carries scale * their sum.
DEVICE float state_row(const Args& a, const float* state, int n, int row, int b) {
  if (row < AVERAGE_ROW) return given(state, ST_MEMORY + (size_t)n * M + row, b);
  if (row < TRACE_ROW) return given(state, ST_AVERAGE + (size_t)n * O + row - AVERAGE_ROW, b);
  if (row < LAST_ROW) {
    const size_t traces = ST_TRACE + (size_t)n * TRACES;
    const int k = row - TRACE_ROW;
    if (TRACE == BRANCH_TRACE || k >= K) return given(state, traces + (TRACE == BRANCH_TRACE ? k : SYN + k - K), b);
    float sum = 0;
    for (int j = 0; j < S; j++) sum += given(state, traces + k * S + j, b);
    return a.input_scale * sum;
  }
  return 0;
}

// One block a neuron, and one for the row of zeros.
KERNEL(elm_start, SMALL_THREADS) {
  const int n = blockIdx.x, tid = threadIdx.x;
  if (n == N) {
    for (int t = 0; t < (a.keep ? a.steps + 1 : 2); t++)
      for (int b = tid; b < BP; b += SMALL_THREADS) a.seen[((size_t)t * NS + NS - 1) * BP + b] = 0;
    for (int g = tid; g < GROUPS; g += SMALL_THREADS) a.counter[g] = 0;
    return;
  }
  for (int i = tid; i < CARRIED * BP; i += SMALL_THREADS) {
    const int row = i / BP, b = i % BP;
    const bool last = row >= LAST_ROW && row < MAGNITUDE_ROW;
    a.carried[(size_t)n * CARRIED * BP + i] =
        last ? given(a.state, (size_t)n * O + row - LAST_ROW, b) : state_row(a, a.state, n, row, b);
  }
  if (RECURRENT)
    for (int b = tid; b < BP; b += SMALL_THREADS)
      a.seen[(size_t)n * BP + b] = given(a.state, n, b) * (a.activity_mask ? given(a.activity_mask, n, b) : 1);
}

// After the last step: the state and the magnitude. One block a neuron.
KERNEL(elm_end, SMALL_THREADS) {
  const int n = blockIdx.x, tid = threadIdx.x;
  const float* carried = a.carried_on + (size_t)n * CARRIED * BP;
  const float* activity = a.activity + ((size_t)(a.steps - 1) * N + n) * O * B;
  for (int i = tid; i < O * B; i += SMALL_THREADS) a.end_state[(size_t)n * O * B + i] = activity[i];
  give_state(carried, a.end_state, n);
  if (a.magnitude)
    for (int b = tid; b < B; b += SMALL_THREADS)
      a.magnitude[(size_t)n * B + b] = carried[MAGNITUDE_ROW * BP + b] / ((float)a.steps * M);
}
