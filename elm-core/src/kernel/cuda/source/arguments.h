// What a kernel is given, by value; `arguments.rs` is its mirror, field by field.
// Arrays of the caller are dense, [.., B]; all others have rows of BP numbers, and what stands
// behind the B-th of them is zero. Pointers that may be null say so.
typedef unsigned int u32;
struct Args {
  // The caller's layer and sequence.
  const float* parameters;     // [P]
  const float* state;          // [STATE][B]
  const float* dense;          // [T][C][B], or null
  const float* tau_raw;        // [N][M], or null where they are parameters
  const float* input_mask;     // [C][B], or null
  const float* activity_mask;  // [N][B], or null
  const float* memory_mask;    // [N][M][B], or null
  // The caller's results.
  float* activity;   // [T][N][O][B], or null
  float* end_state;  // [STATE][B]
  float* magnitude;  // [N][B], or null
  // Gradients of the results, each or null, and what is to be found.
  const float* d_activity;
  const float* d_end_state;
  const float* d_magnitude;
  float* d_parameters;
  float* d_state;
  float* d_dense;  // or null
  // The connectome (`wiring.rs`).
  const u32* source;      // [N][SYN] row of the table that a synapse reads
  const u32* origin;      // [N][SYN] the synapse's place among its neuron's parameters
  const u32* starts;      // [GB][N + 1] the edges of each block by neuron read
  const u32* edge_row;    // [GB][NB * SYN] branch, among those of the block
  const u32* edge_at;     // [GB][NB * SYN] synapse, among all
  const u32* in_starts;   // [C + 1] the edges by channel read
  const u32* in_row;      // branch, among all
  const u32* in_at;       // synapse, among all
  const u32* event_step;  // events: step, place in [C][BP], value
  const u32* event_place;
  const float* event_value;
  // Between kernels.
  float* weights;    // [N][W_LEN] maps, readout, timescales of each neuron
  float* synapses;   // [N][SYN] effective weights, in the order of `source`
  float* edges;      // [GB][NB * SYN] the same in the order of `edge_at`
  float* x;          // [T][C][BP] input as synapses see it
  float* seen;       // [T + 1 or 2][NS][BP] previous activity as synapses see it, and a row of zeros
  float* carried;    // [N][CARRIED][BP] state where the steps begin ...
  float* carried_on; // ... and where they end
  float* records;    // [steps][N][TILES][RECORD][BW], or null
  float* d_carried;  // [N][CARRIED][BP]
  float* deltas;     // [steps][N][TILES][DELTA][BW]
  float* partial;    // [2][GB][N][BP] gradients of `seen` by block
  float* sums;       // [GROUPS * SUB][N][SUMS]
  float* source_trace;    // [ROWS][BP] traces of what synapses read, at the end; or null
  float* d_source_trace;  // and their gradients; or null
  u32* counter;           // [GROUPS], zero
  // Scalars.
  double delta_t, lambda, tau_low, tau_high, fixed_weight;
  float input_scale, input_factor;
  float average_decay, average_take;  // kappa_r, 1 - kappa_r
  float trace_decay;                  // kappa_b or kappa_s
  int steps;                          // T
  int first, last;                    // the steps of this launch
  int events;                         // number of events
  int keep;                           // does `seen` hold all steps?
  int again;                          // are these steps computed for the second time?
  int add;                            // are gradients added to those of other steps?
  int lambda_scale, rectified;
};
