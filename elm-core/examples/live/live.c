/* Runs a network for ten steps, with a spike on one channel after the other.
 *
 *   cc live.c -I elm-core/include -L target/release -lelm_core -Wl,-rpath,target/release -o live
 *   ./live network.safetensors
 */
#include <elm_live.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, elm_live_error());
    return 1;
}

int main(int count, char **arguments) {
    static uint8_t bytes[1 << 24];
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    if (!file) return fprintf(stderr, "usage: live FILE\n"), 2;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);

    ElmLive *live;
    if (elm_live_new(bytes, length, &live)) return failed(arguments[1]);
    size_t inputs = elm_live_inputs(live), outputs = elm_live_outputs(live);
    float *output = calloc(outputs, sizeof *output);
    for (uint32_t step = 0; output && step < 10; step++) {
        ElmEvent spike = {step % (uint32_t)inputs, 1.0f};
        if (elm_live_step_events(live, &spike, 1, output, outputs)) return failed("step");
        for (size_t i = 0; i < outputs; i++) printf("%.9g%s", output[i], i + 1 < outputs ? " " : "\n");
    }
    free(output);
    elm_live_free(live);
    return 0;
}
