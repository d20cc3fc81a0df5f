// A driver and a compiler without a card: they write down what they are asked,
// and refuse what Nvidia's would. Compiled by the tests beside it.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct { unsigned id, pad; union { char pad[64]; int cooperative; struct { unsigned x, y, z; } cluster; } value; } Attribute;
typedef struct { unsigned grid[3], block[3], shared; void *stream; const Attribute *attributes; unsigned count; } Config;

static char written[1 << 16];
static int depth;           // contexts that are current
static int attributes[128]; // of the device
static int blocks_at_once = 2, clusters_at_once = 1;

static int note(const char *format, ...) {
  size_t end = strlen(written);
  va_list values;
  va_start(values, format);
  vsnprintf(written + end, sizeof written - end - 1, format, values);
  va_end(values);
  strcat(written, "\n");
  return depth > 0 ? 0 : 201;
}

const char *fake_calls(void) { return written; }
void fake_attribute(int attribute, int value) { attributes[attribute] = value; }
void fake_room(int blocks, int clusters) { blocks_at_once = blocks, clusters_at_once = clusters; }

int cuInit(unsigned flags) {
  attributes[16] = 3, attributes[75] = 9, attributes[76] = 0, attributes[95] = 1, attributes[97] = 232448, attributes[120] = 1;
  return flags ? 1 : 0;
}
int cuDriverGetVersion(int *version) { return *version = 13000, 0; }
int cuGetErrorName(int code, const char **name) {
  *name = code == 201 ? "CUDA_ERROR_INVALID_CONTEXT" : code == 500 ? "CUDA_ERROR_NOT_FOUND" : 0;
  return *name ? 0 : 1;
}
int cuGetErrorString(int code, const char **words) {
  *words = code == 201 ? "invalid device context" : code == 500 ? "named symbol not found" : 0;
  return *words ? 0 : 1;
}
int cuDeviceGet(int *device, int ordinal) { return *device = 70 + ordinal, ordinal ? 101 : 0; }
int cuDeviceGetName(char *name, int length, int device) { return snprintf(name, length, "Fake %d", device), 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { return *value = attributes[attribute], device == 70 ? 0 : 101; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return *context = (void *)0xc0, 0; }
int cuCtxPushCurrent_v2(void *context) { return depth += context == (void *)0xc0, 0; }
int cuCtxPopCurrent_v2(void **context) { return *context = (void *)0xc0, depth--, 0; }
int cuModuleLoadData(void **module, const void *image) { return *module = (void *)0x30, note("load %s", (const char *)image); }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = (void *)0xf0;
  return strcmp(name, "missing") ? note("function %s", name) : 500;
}
int cuFuncSetAttribute(void *function, int attribute, int value) { return note("attribute %d = %d", attribute, value); }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int threads, size_t shared) {
  *blocks = blocks_at_once;
  return note("blocks at once: %d threads, %zu bytes", threads, shared);
}
int cuOccupancyMaxActiveClusters(int *clusters, void *function, const Config *config) {
  *clusters = clusters_at_once;
  return note("clusters at once: of %u", config->attributes[0].value.cluster.x);
}
int cuLaunchKernelEx(const Config *c, void *function, void **parameters, void **extra) {
  const Attribute *a = c->attributes;
  char how[64] = "plain";
  if (c->count && a->id == 2) snprintf(how, sizeof how, "cooperative %d", a->value.cooperative);
  if (c->count && a->id == 4) snprintf(how, sizeof how, "cluster %u %u %u", a->value.cluster.x, a->value.cluster.y, a->value.cluster.z);
  return note("launch %u %u %u x %u %u %u, %u bytes, stream %p, %s, %.4s", c->grid[0], c->grid[1], c->grid[2], c->block[0],
              c->block[1], c->block[2], c->shared, c->stream, how, (const char *)parameters[0]);
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t bytes, void *stream) {
  return note("copy %zu bytes to %llx, stream %p", bytes, to, stream);
}
int cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  static unsigned long long next = 0x1000;
  *address = next, next += 0x1000;
  return note("room for %zu bytes", bytes);
}
int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t bytes) { return memset(to, 0, bytes), note("copy %zu bytes from %llx", bytes, from); }
int cuStreamSynchronize(void *stream) { return note("wait for %p", stream); }

static const char *log_of = "ptxas info    : Compiling entry function 'walk' for 'sm_90'\n"
                            "ptxas info    : Used 40 registers, used 1 barriers\n";
static int broken;

int nvrtcVersion(int *major, int *minor) { return *major = 13, *minor = 0, 0; }
const char *nvrtcGetErrorString(int code) { return "NVRTC_ERROR_COMPILATION"; }
int nvrtcGetNumSupportedArchs(int *count) { return *count = 3, 0; }
int nvrtcGetSupportedArchs(int *known) { return known[0] = 80, known[1] = 90, known[2] = 100, 0; }
int nvrtcCreateProgram(void **program, const char *source, const char *name, int headers, const char *const *h, const char *const *n) {
  return *program = &broken, broken = strstr(source, "wrong") != 0, 0;
}
int nvrtcDestroyProgram(void **program) { return *program = 0, 0; }
int nvrtcCompileProgram(void *program, int count, const char *const *options) {
  depth++;
  for (int i = 0; i < count; i++) note("option %s", options[i]);
  depth--;
  return broken ? 6 : 0;
}
int nvrtcGetProgramLogSize(void *program, size_t *size) { return *size = broken ? 20 : strlen(log_of) + 1, 0; }
int nvrtcGetProgramLog(void *program, char *log) { return strcpy(log, broken ? "elm.cu(1): wrong\n" : log_of), 0; }
int nvrtcGetCUBINSize(void *program, size_t *size) { return *size = 6, 0; }
int nvrtcGetCUBIN(void *program, char *image) { return strcpy(image, "cubin"), 0; }
