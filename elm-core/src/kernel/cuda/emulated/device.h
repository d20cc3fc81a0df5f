// What CUDA's compiler knows by itself, for a C++ compiler; comes before the kernels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

// What kernels call of <cmath>; reading all of it takes as long as compiling a small kernel.
#ifdef ELM_N
extern "C" {
float expf(float) noexcept;
float fabsf(float) noexcept;
float powf(float, float) noexcept;
float tanhf(float) noexcept;
double exp(double) noexcept;
}
#endif

#define ELM_EMULATED
#define __device__
#define __host__
#define __forceinline__ inline

// The thread that runs.
struct EmulatedIndex { unsigned x; };
struct EmulatedThread {
  EmulatedIndex thread, block, blocks;
  float* shared;
};
extern EmulatedThread* emulated_self;
#define threadIdx (emulated_self->thread)
#define blockIdx (emulated_self->block)
#define gridDim (emulated_self->blocks)
#define SHARED(name) float* const name = emulated_self->shared

// A kernel takes its arguments by address.
#define KERNEL(name, threads)                                                   \
  static void name##_body(const Args& a);                                       \
  extern "C" void name(const void* a) { name##_body(*(const Args*)a); }         \
  static void name##_body(const Args& a)

// Where threads meet; the line tells which barrier it is, so that one can be left out.
void emulated_block(int line);
void emulated_warp(int line);
void emulated_meet(unsigned* counter, unsigned target, int line);
uint32_t emulated_shuffle(uint32_t value, int lane);
#define __syncthreads() emulated_block(__LINE__)
#define __syncwarp() emulated_warp(__LINE__)
inline float __shfl_xor_sync(unsigned, float value, int with) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  bits = emulated_shuffle(bits, with);
  memcpy(&value, &bits, 4);
  return value;
}
inline float __ldcg(const float* p) { return *p; }
