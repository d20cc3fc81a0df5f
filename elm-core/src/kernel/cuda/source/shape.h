// Sizes of a layer and how its work is divided; `plan.rs` chooses and defines them.
//
//   N neurons, C input channels, K branches of S synapses, F outputs fed back as branches,
//   M memory units, LAYERS hidden layers of H units, O outputs of a neuron, B sequences
//
// Blocks form GROUPS groups of GB. A group owns BG sequences and never meets another; a block
// owns NB of the neurons, and takes BT sequences at a time. A warp takes one neuron and BW
// sequences through a step; SUB warps share a neuron.
constexpr int N = ELM_N, C = ELM_C, K = ELM_K, S = ELM_S, F = ELM_F, M = ELM_M, O = ELM_O, B = ELM_B;
constexpr int LAYERS = ELM_LAYERS, H = LAYERS ? ELM_H : 0;
constexpr bool RECURRENT = ELM_RECURRENT, HIGH_PASS = ELM_HIGH_PASS, FIXED = ELM_FIXED;
constexpr bool RESIDENT = ELM_RESIDENT;  // do the weights stay in shared memory?
constexpr bool TABLED = ELM_TABLED;      // does what synapses read?
constexpr bool HELD = ELM_HELD;          // does the state that neurons carry?
constexpr bool CLUSTER = ELM_CLUSTER;    // is a group a cluster of blocks?
enum { RELU, SILU, RELU_SQUARED };       // ELM_MLP_ACTIVATION
enum { IDENTITY, RECTIFIED, SPIKE };     // ELM_ACTIVATION
enum { NO_TRACE, BRANCH_TRACE, SYNAPSE_TRACE };
constexpr int MLP_ACTIVATION = ELM_MLP_ACTIVATION, ACTIVATION = ELM_ACTIVATION, TRACE = ELM_TRACE;

constexpr int GROUPS = ELM_GROUPS, GB = ELM_GB, WARPS = ELM_WARPS, BW = ELM_BW, SUB = ELM_SUB;
constexpr int SLICES = ELM_SLICES, BT = BW * SUB, BG = BT * SLICES, BP = BG * GROUPS, TILES = BP / BW;
constexpr int NB = (N + GB - 1) / GB, THREADS = WARPS * 32;
constexpr int V = BW % 4 == 0 ? 4 : BW % 2 == 0 ? 2 : 1;  // numbers moved at once

__host__ __device__ constexpr int odd(int n) { return n | 1; }
__host__ __device__ constexpr int up4(int n) { return (n + 3) / 4 * 4; }
__host__ __device__ constexpr int larger(int a, int b) { return a > b ? a : b; }

// Branches that the MLP reads, its inputs z = [b ; m~], synapses of a neuron; rows of `seen`.
constexpr int BR = K + F, I = BR + M, SYN = K * S, NS = RECURRENT ? N + 1 : 1, ROWS = C + NS;
constexpr int TRACES = TRACE == BRANCH_TRACE ? BR : TRACE == SYNAPSE_TRACE ? SYN + F : 0;

// The MLP's maps: inputs, outputs. Odd strides keep rows and columns free of bank conflicts.
constexpr int MAPS = LAYERS + 1;
__host__ __device__ constexpr int map_in(int j) { return j ? H : I; }
__host__ __device__ constexpr int map_out(int j) { return j < LAYERS ? H : M; }
__host__ __device__ constexpr int map_len(int j) { return (map_in(j) + 1) * odd(map_out(j)); }
__host__ __device__ constexpr int map_at(int j) { return j ? map_at(j - 1) + map_len(j - 1) : 0; }

// A neuron's weights: maps [in + 1][odd out] with the bias as the last row, then these.
constexpr int KEEP_AT = map_at(MAPS), WRITE_AT = KEEP_AT + M, READOUT_AT = WRITE_AT + M;
constexpr int BIAS_AT = READOUT_AT + O * M, FEEDBACK_AT = BIAS_AT + O, W_LEN = up4(FEEDBACK_AT + F);

// Rows of the state that a neuron carries from step to step.
constexpr int AVERAGE_ROW = M, TRACE_ROW = AVERAGE_ROW + (HIGH_PASS ? O : 0);
constexpr int LAST_ROW = TRACE_ROW + (TRACE ? BR : 0), MAGNITUDE_ROW = LAST_ROW + F;
constexpr int CARRIED = MAGNITUDE_ROW + 1, STATE_STRIDE = HELD ? BG : BP;

// Rows of a record: z, hidden units, tanh(2/3 o), drive y + b, fed back outputs; and of what
// the way back leaves: gradients of branches, hidden units before activation, o.
constexpr int HIDDEN_ROW = I, BOUNDED_ROW = HIDDEN_ROW + LAYERS * H, DRIVE_ROW = BOUNDED_ROW + M;
constexpr int FED_ROW = DRIVE_ROW + O, RECORD = FED_ROW + F;
constexpr int DELTA = BR + LAYERS * H + M;
__host__ __device__ constexpr int hidden_row(int map) { return HIDDEN_ROW + map * H; }
__host__ __device__ constexpr int delta_row(int map) { return BR + map * H; }

// Sums over time that become gradients: readout, bias, m~ d(m~), tanh d(m), feedback.
constexpr int S_READOUT = 0, S_BIAS = O * M, S_KEEP = S_BIAS + O, S_WRITE = S_KEEP + M;
constexpr int S_FEEDBACK = S_WRITE + M, SUMS = S_FEEDBACK + F;

// The caller's flat parameters and rows of state.
constexpr size_t P_FEEDBACK = (size_t)N * SYN, P_MAPS = FIXED ? 0 : P_FEEDBACK + (size_t)N * F;
__host__ __device__ constexpr size_t p_map(int j) {
  return j ? p_map(j - 1) + (size_t)N * (map_in(j - 1) + 1) * map_out(j - 1) : P_MAPS;
}
__host__ __device__ constexpr size_t p_map_bias(int j) { return p_map(j) + (size_t)N * map_in(j) * map_out(j); }
constexpr size_t P_READOUT = p_map(MAPS), P_BIAS = P_READOUT + (size_t)N * O * M, P_TAU = P_BIAS + (size_t)N * O;
constexpr size_t ST_MEMORY = (size_t)N * O, ST_AVERAGE = ST_MEMORY + (size_t)N * M;
constexpr size_t ST_TRACE = ST_AVERAGE + (HIGH_PASS ? (size_t)N * O : 0);

// Places below 2^16 take half the room.
template <bool SHORT> struct IndexOf { typedef unsigned int type; };
template <> struct IndexOf<true> { typedef unsigned short type; };
typedef IndexOf<(ROWS < 65536)>::type Source;
typedef IndexOf<(NB * K < 65536)>::type EdgeRow;
__host__ __device__ constexpr int index_len(int below, int count) { return below < 65536 ? (count + 1) / 2 : count; }

// Shared memory of the recurrence, in numbers; both ways begin with the weights.
struct Forward {
  static constexpr int weights = 0, synapses = weights + (RESIDENT ? up4(NB * W_LEN) : 0);
  static constexpr int source = synapses + (RESIDENT ? up4(NB * SYN) : 0);
  static constexpr int table = source + (RESIDENT ? up4(index_len(ROWS, NB * SYN)) : 0);
  static constexpr int carried = table + (TABLED ? up4(ROWS * BT) : 0);
  static constexpr int z = carried + (HELD ? up4(NB * CARRIED * BG) : 0);
  static constexpr int hidden = z + WARPS * up4(I * BW), each_hidden = up4(larger(H, M) * BW);
  static constexpr int end = hidden + 2 * WARPS * each_hidden;
};
struct Backward {
  static constexpr int weights = 0, edges = weights + (RESIDENT ? up4(NB * W_LEN) : 0);
  static constexpr int edge_row = edges + (RESIDENT && RECURRENT ? up4(NB * SYN) : 0);
  static constexpr int starts = edge_row + (RESIDENT && RECURRENT ? up4(index_len(NB * K, NB * SYN)) : 0);
  static constexpr int branches = starts + (RESIDENT && RECURRENT ? up4(N + 1) : 0);
  static constexpr int carried = branches + (RECURRENT ? up4(NB * K * BT) : 0);
  static constexpr int sums = carried + (HELD ? up4(NB * CARRIED * BG) : 0);
  static constexpr int kept = sums + up4(NB * SUB * SUMS);  // and what goes to feedback
  static constexpr int each_kept = up4((F + M) * BW);
  static constexpr int hidden = kept + WARPS * each_kept, each_hidden = up4(larger(H, M) * BW);
  static constexpr int bounded = hidden + 2 * WARPS * each_hidden, each_bounded = up4(M * BW);
  static constexpr int readout = bounded + WARPS * each_bounded, each_readout = up4(O * BW);
  static constexpr int end = readout + 2 * WARPS * each_readout;
};
static_assert(Forward::end * 4 == ELM_FORWARD_SHARED && Backward::end * 4 == ELM_BACKWARD_SHARED, "plan.rs");

// Gradients of maps: a thread has EDGE x EDGE of them, a block looks at COLUMNS sequences at once.
constexpr int EDGE = 4, UNITS = ELM_UNITS, COLUMNS = UNITS * BW, COLUMN_STRIDE = COLUMNS + 4;
constexpr int MAP_THREADS = ELM_MAP_THREADS, SYNAPSE_THREADS = ELM_SYNAPSE_THREADS, SMALL_THREADS = 128;
__host__ __device__ constexpr int edges_of(int n) { return (n + EDGE - 1) / EDGE; }
__host__ __device__ constexpr int chunks_of(int map) {
  return (edges_of(map_in(map) + 1) * edges_of(map_out(map)) + MAP_THREADS - 1) / MAP_THREADS;
}
// Gradients of synapses: neurons of a block; slabs of branches that it looks at at once.
constexpr int SYNAPSE_NEURONS = ELM_SYNAPSE_NEURONS;
constexpr bool STAGED = ELM_STAGED;
constexpr int SLABS = STAGED ? 1 : larger(1, 4096 / (SYNAPSE_NEURONS * K * BW));
static_assert(GROUPS * BG >= B && BW <= 32, "every sequence has its place");
