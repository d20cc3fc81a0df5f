"""Runs a network for ten steps, with a spike on one channel after the other.

    python3 live.py target/release/libelm_core.so network.safetensors
"""
import ctypes
import json
import sys
from ctypes import POINTER, byref, c_char_p, c_float, c_size_t, c_uint32, c_void_p


class Event(ctypes.Structure):
    _fields_ = [("channel", c_uint32), ("count", c_float)]


elm = ctypes.CDLL(sys.argv[1])
elm.elm_live_new.argtypes = [c_char_p, c_size_t, POINTER(c_void_p)]
elm.elm_live_free.argtypes = [c_void_p]
elm.elm_live_step_events.argtypes = [c_void_p, POINTER(Event), c_size_t, POINTER(c_float), c_size_t]
elm.elm_live_description.argtypes, elm.elm_live_description.restype = [c_void_p], c_char_p
elm.elm_live_outputs.argtypes, elm.elm_live_outputs.restype = [c_void_p], c_size_t
elm.elm_live_inputs.argtypes, elm.elm_live_inputs.restype = [c_void_p], c_size_t
elm.elm_live_error.restype = c_char_p


def checked(status):
    if status:
        sys.exit(elm.elm_live_error().decode())


with open(sys.argv[2], "rb") as file:
    network = file.read()
live = c_void_p()
checked(elm.elm_live_new(network, len(network), byref(live)))
inputs, outputs = elm.elm_live_inputs(live), elm.elm_live_outputs(live)
print("output:", json.loads(elm.elm_live_description(live))["output"], file=sys.stderr)
output = (c_float * outputs)()
for step in range(10):
    spike = Event(step % inputs, 1.0)
    checked(elm.elm_live_step_events(live, byref(spike), 1, output, outputs))
    print(*(f"{value:.9g}" for value in output))
elm.elm_live_free(live)
