/* A trained ELM network, step by step. Made by cbindgen from src/deploy/c/mod.rs. */

#ifndef ELM_LIVE_H
#define ELM_LIVE_H

#include <stddef.h>
#include <stdint.h>

/*
 What became of a call; elm_live_error() says more.
 */
typedef enum {
  /*
   All is well.
   */
  ELM_STATUS_DONE = 0,
  /*
   A pointer is null, or not aligned for what it points at.
   */
  ELM_STATUS_BAD_POINTER = 1,
  /*
   An array has another length than the network needs.
   */
  ELM_STATUS_WRONG_LENGTH = 2,
  /*
   There is no channel, token or name like that.
   */
  ELM_STATUS_WRONG_INDEX = 3,
  /*
   The bytes are not those of a whole file that this library can read.
   */
  ELM_STATUS_BAD_FILE = 4,
  /*
   The network does not take that kind of input, or cannot run here.
   */
  ELM_STATUS_UNSUPPORTED = 5,
  /*
   A defect in this library. The network can only be freed.
   */
  ELM_STATUS_DEFECT = 6,
} ElmStatus;

/*
 A network in a live program.
 */
typedef struct ElmLive ElmLive;

/*
 A channel that spiked in a step, and how often.
 */
typedef struct {
  /*
   The input channel.
   */
  uint32_t channel;
  /*
   How often.
   */
  float count;
} ElmEvent;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Makes a network from the bytes of a file that `elm export RUN --to live`
 has written; its state is that before the first step. The bytes are not
 needed afterwards. Free it with elm_live_free().

 A network may be handed from thread to thread, but only one call at a time
 may use it; different networks are independent of each other. A step takes
 no lock that another network holds and allocates nothing.

 # Safety
 `bytes` points at `length` readable bytes, `live` at a pointer to write to.
 */
ElmStatus elm_live_new(const uint8_t *bytes, size_t length, ElmLive **live);

/*
 Frees a network; null is none.

 # Safety
 `live` comes from elm_live_new(), and nothing uses it any more.
 */
void elm_live_free(ElmLive *live);

/*
 One time step with a value for every input. The values are those of the
 data: where the network was trained on scaled ones, they are scaled here.
 Where the file says under `input` that a `group` of steps of the data is
 taken together, all their channels are the inputs of one step, those of the
 first step first: putting them together is up to the caller. Writes what the
 network answers; `output` may be the memory of `input`.

 # Safety
 `live` comes from elm_live_new() and no other call is using it; `input`
 points at `inputs` readable floats, `output` at `outputs` writable ones.
 */
ElmStatus elm_live_step(ElmLive *live,
                        const float *input,
                        size_t inputs,
                        float *output,
                        size_t outputs);

/*
 One time step with one symbol.

 # Safety
 `live` comes from elm_live_new() and no other call is using it; `output`
 points at `outputs` writable floats.
 */
ElmStatus elm_live_step_token(ElmLive *live, uint32_t token, float *output, size_t outputs);

/*
 One time step with the channels that spiked, in any order; counts of one
 channel add up, and none is cut off: where the file says under `input` that
 `counts` is false, several spikes of a channel in a step are to be given as
 one. A `group` of steps is put together as for elm_live_step(). None at all
 is a step in silence. Memory grows where there are more than the network
 has inputs, else nothing is allocated.

 # Safety
 `live` comes from elm_live_new() and no other call is using it; `events`
 points at `count` readable events, `output` at `outputs` writable floats.
 */
ElmStatus elm_live_step_events(ElmLive *live,
                               const ElmEvent *events,
                               size_t count,
                               float *output,
                               size_t outputs);

/*
 Back to the state before the first step.

 # Safety
 `live` comes from elm_live_new() and no other call is using it.
 */
ElmStatus elm_live_reset(ElmLive *live);

/*
 Input channels, or symbols, of a network; 0 of null.

 # Safety
 `live` is null or comes from elm_live_new().
 */
size_t elm_live_inputs(const ElmLive *live);

/*
 Numbers that a step answers; 0 of null.

 # Safety
 `live` is null or comes from elm_live_new().
 */
size_t elm_live_outputs(const ElmLive *live);

/*
 The name of an output: of a class or value, or the symbol that comes next.
 Null where it has none. Ends with a zero byte and lives as long as the
 network; a symbol may itself be a zero byte, so its length is written to
 `length`, unless that is null.

 # Safety
 `live` is null or comes from elm_live_new(), `length` is null or points at
 a number to write to.
 */
const char *elm_live_output_name(const ElmLive *live, size_t output, size_t *length);

/*
 The symbol of a token, likewise.

 # Safety
 As elm_live_output_name().
 */
const char *elm_live_symbol(const ElmLive *live, uint32_t token, size_t *length);

/*
 The token of a symbol.

 # Safety
 `live` comes from elm_live_new(), `symbol` points at `length` readable
 bytes, `token` at a number to write to.
 */
ElmStatus elm_live_token(const ElmLive *live, const char *symbol, size_t length, uint32_t *token);

/*
 What the network is, as the JSON document in its file has it; the README
 lists the keys. Ends with a zero byte and lives as long as the network.

 # Safety
 `live` is null, of which there is none, or comes from elm_live_new().
 */
const char *elm_live_description(const ElmLive *live);

/*
 What the last call of this thread that failed has to say, in English; empty
 before any did. Lives until another call of this thread fails.
 */
const char *elm_live_error(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ELM_LIVE_H */
