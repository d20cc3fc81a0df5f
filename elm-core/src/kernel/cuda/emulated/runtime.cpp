// Runs CUDA kernels on the host, a fiber for each CUDA thread, so that a C++ compiler can
// check a kernel where there is no card. Shared memory starts as NaN.
//
// A warp runs on until all its lanes wait for others. By schedule 0 warps and lanes take turns
// in order, by 1 backwards; from 2 on they are ranked at random and the highest warp that can
// run does, so that some run as far ahead as barriers allow: a missing one shows.
#include "device.h"
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <random>
#include <sys/mman.h>
#include <vector>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace {
struct Barrier { unsigned count = 0, turn = 0; };
struct Block {
  Barrier all;
  std::vector<Barrier> warps;
  std::vector<uint32_t> lanes;  // what shuffles exchange
  std::vector<float> shared;
};
struct Fiber : EmulatedThread {
  Block* of;
  const volatile unsigned* wait;  // asleep while *wait == seen
  unsigned seen;
  bool done;
#if defined(__x86_64__)
  void* stack;
#else
  ucontext_t context;
#endif
};
typedef void (*Kernel)(const void*);
Kernel kernel;
const void* arguments;
unsigned block_size;
int without;  // the line of a barrier that is left out
Fiber* self() { return (Fiber*)emulated_self; }

#if defined(__x86_64__)
void* scheduler;
extern "C" void emulated_switch(void** save, void* load);
asm(".text\n.type emulated_switch,@function\nemulated_switch:\n"
    " push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
    " mov %rsp,(%rdi)\n mov %rsi,%rsp\n"
    " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n");
void to_scheduler() { emulated_switch(&self()->stack, scheduler); }
void resume(Fiber& f) { emulated_self = &f; emulated_switch(&scheduler, f.stack); }
#else
ucontext_t scheduler;
void to_scheduler() { swapcontext(&self()->context, &scheduler); }
void resume(Fiber& f) { emulated_self = &f; swapcontext(&scheduler, &f.context); }
#endif
void entry() {
  kernel(arguments);
  self()->done = true;
  to_scheduler();
  std::abort();
}
void sleep_on(const volatile unsigned* word, unsigned seen) {
  self()->wait = word, self()->seen = seen;
  to_scheduler();
}
void meet(Barrier& barrier, unsigned count) {
  const unsigned turn = barrier.turn;
  if (++barrier.count < count) return sleep_on(&barrier.turn, turn);
  barrier.count = 0, barrier.turn++;
}
Barrier& of_warp() { return self()->of->warps[self()->thread.x / 32]; }

constexpr size_t STACK = 64 * 1024;
unsigned char* stacks(size_t count) {
  static unsigned char* memory;
  static size_t have;
  if (count <= have) return memory;
  if (memory) munmap(memory, have * STACK);
  void* mapped = mmap(nullptr, count * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  have = mapped == MAP_FAILED ? 0 : count;
  return memory = mapped == MAP_FAILED ? nullptr : (unsigned char*)mapped;
}
void prepare(Fiber& f, unsigned char* stack) {
#if defined(__x86_64__)
  void** top = (void**)(stack + STACK - 64);
  *--top = nullptr;
  *--top = (void*)entry;
  for (int r = 0; r < 6; r++) *--top = nullptr;
  f.stack = top;
#else
  getcontext(&f.context);
  f.context.uc_stack.ss_sp = stack, f.context.uc_stack.ss_size = STACK;
  makecontext(&f.context, entry, 0);
#endif
}

// An address that is none ends the launch, not the process.
thread_local sigjmp_buf* on_fault;
void fault(int signal) {
  if (on_fault) siglongjmp(*on_fault, 1);
  std::signal(signal, SIG_DFL);  // another thread's
}

constexpr size_t FENCE = 64;  // numbers behind shared memory that nobody writes

// Threads that wait for ever, or one of the errors of emulated_launch.
long run(unsigned first, unsigned count, unsigned blocks, size_t shared, int schedule) {
  std::mt19937 random(schedule);
  std::vector<Block> all(count);
  std::vector<Fiber> fibers((size_t)count * block_size);
  unsigned char* memory = stacks(fibers.size());
  if (!memory) return -1;
  for (unsigned i = 0; i < count; i++) {
    all[i].warps.resize(block_size / 32), all[i].lanes.resize(block_size);
    all[i].shared.assign(shared / 4 + 4 + FENCE, NAN);
    float* aligned = (float*)(((uintptr_t)all[i].shared.data() + 15) / 16 * 16);
    for (unsigned t = 0; t < block_size; t++) {
      const size_t at = (size_t)i * block_size + t;
      Fiber& f = fibers[at];
      f.thread.x = t, f.block.x = first + i, f.blocks.x = blocks, f.shared = aligned;
      f.of = &all[i], f.wait = nullptr, f.done = false;
      prepare(f, memory + at * STACK);
    }
  }
  std::vector<unsigned> warps(fibers.size() / 32), lanes(32);
  for (unsigned i = 0; i < warps.size(); i++) warps[i] = schedule == 1 ? warps.size() - 1 - i : i;
  for (unsigned i = 0; i < 32; i++) lanes[i] = schedule == 1 ? 31 - i : i;
  if (schedule >= 2) std::shuffle(warps.begin(), warps.end(), random);
  long left = fibers.size();
  for (bool any = true; left && any;) {
    any = false;
    for (size_t rank = 0; rank < warps.size() && !(any && schedule >= 2); rank++) {
      for (bool moved = true; moved; any |= moved) {
        moved = false;
        if (schedule >= 2) {
          const unsigned drawn = random(), stride = drawn >> 5 | 1;  // any lane first, in any stride
          for (unsigned i = 0; i < 32; i++) lanes[i] = (drawn + i * stride) % 32;
        }
        for (unsigned lane : lanes) {
          Fiber& f = fibers[(size_t)warps[rank] * 32 + lane];
          if (f.done || (f.wait && *f.wait == f.seen)) continue;
          f.wait = nullptr, moved = true;
          resume(f);
          left -= f.done;
        }
      }
    }
  }
  for (unsigned i = 0; i < count; i++) {
    const float* fence = fibers[(size_t)i * block_size].shared + shared / 4;
    if (std::any_of(fence, fence + FENCE, [](float x) { return !std::isnan(x); })) return -3;
  }
  return left;
}
}  // namespace

EmulatedThread* emulated_self;
void emulated_block(int line) {
  if (line != without) meet(self()->of->all, block_size);
}
void emulated_warp(int line) {
  if (line != without) meet(of_warp(), 32);
}
void emulated_meet(unsigned* counter, unsigned target, int line) {
  ++*counter;
  while (line != without && (int)(*counter - target) < 0) sleep_on(counter, *counter);
}
uint32_t emulated_shuffle(uint32_t value, int with) {
  const unsigned thread = self()->thread.x;
  uint32_t* lanes = self()->of->lanes.data() + thread / 32 * 32;
  lanes[thread % 32] = value;
  meet(of_warp(), 32);
  value = lanes[(thread % 32) ^ with];
  meet(of_warp(), 32);
  return value;
}

// Runs a kernel: 0, the number of threads that wait for ever, -1 without memory for them, or
// -2 after an access to an address that is none, -3 after a write behind shared memory.
// Blocks of a cooperative launch live at the same time, others one after the other.
extern "C" long emulated_launch(Kernel run_this, const void* with, unsigned blocks, unsigned threads, size_t shared,
                                int cooperative, int schedule, int without_line) {
  kernel = run_this, arguments = with, block_size = threads, without = without_line;
  struct sigaction ours = {}, theirs;
  ours.sa_handler = fault;
  sigaction(SIGSEGV, &ours, &theirs);
  sigjmp_buf place;
  volatile long left = -2;
  if (!sigsetjmp(place, 1)) {
    on_fault = &place;
    left = 0;
    for (unsigned i = 0; i < (cooperative ? 1 : blocks) && !left; i++)
      left = run(i, cooperative ? blocks : 1, blocks, shared, schedule);
  } else {
    left = -2;
  }
  on_fault = nullptr;
  sigaction(SIGSEGV, &theirs, nullptr);
  return left;
}
