// What elm needs of libtorch and tch does not offer: an operation with a given
// value and an adjoint written in Rust; gradients of a scalar with respect to
// every leaf, without touching the leaves' `.grad`; a tensor that takes over
// the memory of a vector; the stream that a device computes in.
//
// Ownership: a `Tensor*` that goes out is the caller's; one that comes in is
// borrowed, except the results of an adjoint, which are taken over.
// Errors: no exception leaves this file; a function that fails writes a
// message and answers null. The adjoint reports failure the same way, and the
// exception it becomes stays between here and libtorch's engine.

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/version.h>

#include <cstring>
#include <unordered_map>
#include <unordered_set>
#include <vector>

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Node;
using torch::autograd::variable_list;

extern "C" {
// From the gradient of the value to one gradient per input; 0 on success.
typedef int (*Adjoint)(void* context, Tensor* gradient, Tensor** results, size_t count, char* message,
                       size_t capacity);
// Ends the life of an adjoint's context.
typedef void (*Release)(void* context);
}

namespace {

constexpr size_t MESSAGE = 512;

void write(char* message, size_t capacity, const char* text) {
  if (capacity > 0) {
    std::strncpy(message, text, capacity - 1);
    message[capacity - 1] = '\0';
  }
}

// Runs `work` and turns an exception into a message and null.
template <class Work>
auto guarded(char* message, size_t capacity, Work work) noexcept -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    write(message, capacity, error.what());
  } catch (...) {
    write(message, capacity, "an exception of unknown type");
  }
  return nullptr;
}

// A value, and Rust's adjoint with its context, which it owns.
struct Held : torch::CustomClassHolder {
  Held(Tensor value, void* context, Adjoint adjoint, Release release)
      : value(std::move(value)), context(context), adjoint(adjoint), release(release) {}
  ~Held() override { release(context); }

  Tensor value;
  void* context;
  Adjoint adjoint;
  Release release;
};

struct Given : torch::autograd::Function<Given> {
  static Tensor forward(AutogradContext* ctx, at::TensorList inputs, const c10::intrusive_ptr<Held>& held) {
    ctx->saved_data["held"] = c10::IValue::make_capsule(held);
    ctx->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
    return std::move(held->value);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    auto capsule = ctx->saved_data["held"].toCapsule();
    auto* held = static_cast<Held*>(capsule.get());
    std::vector<Tensor*> results(ctx->saved_data["inputs"].toInt(), nullptr);
    char message[MESSAGE] = "";
    Tensor gradient = gradients[0].contiguous();
    int failed =
        held->adjoint(held->context, &gradient, results.data(), results.size(), message, sizeof message);
    variable_list answer;
    for (Tensor* result : results) {
      answer.push_back(result ? std::move(*result) : Tensor());
      delete result;
    }
    TORCH_CHECK(!failed, message);
    answer.emplace_back();  // for `held`, which is no tensor
    return answer;
  }
};

// Every leaf that a gradient can flow to. A list instead of recursion, for
// histories of any length.
variable_list leaves(const Tensor& loss) {
  variable_list found;
  if (!loss.grad_fn()) {
    if (loss.requires_grad()) found.push_back(loss);
    return found;
  }
  std::vector<Node*> open{loss.grad_fn().get()};
  std::unordered_set<Node*> seen(open.begin(), open.end());
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    if (auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(node)) found.push_back(leaf->variable);
    for (const auto& edge : node->next_edges()) {
      if (edge.function && seen.insert(edge.function.get()).second) open.push_back(edge.function.get());
    }
  }
  return found;
}

// Leaves and their gradients by the leaf's identity; keeping the leaf keeps
// its identity from being given to another.
using Gradients = std::unordered_map<const at::TensorImpl*, std::pair<Tensor, Tensor>>;

}  // namespace

extern "C" {

const char* elm_torch_version() { return TORCH_VERSION; }

// `value`, which has no history, as a function of `inputs`. Takes over
// `context`, also when it fails.
Tensor* elm_given(const Tensor* value, Tensor* const* inputs, size_t count, void* context, Adjoint adjoint,
                  Release release, char* message, size_t capacity) {
  c10::intrusive_ptr<Held> held;
  try {
    held = c10::make_intrusive<Held>(*value, context, adjoint, release);
  } catch (...) {
    release(context);
    write(message, capacity, "out of memory");
    return nullptr;
  }
  return guarded(message, capacity, [&] {
    variable_list list;
    for (size_t i = 0; i < count; i++) list.push_back(*inputs[i]);
    return new Tensor(Given::apply(at::TensorList(list), held));
  });
}

// The floats of a vector of Rust's as a tensor, which lets `release` end the
// vector's life with its own. Takes over `context`, also when it fails (then
// the vector may live for ever, but is never freed twice).
Tensor* elm_adopt(float* values, size_t length, void* context, Release release, char* message,
                  size_t capacity) {
  return guarded(message, capacity, [&] {
    auto end = [context, release](void*) { release(context); };
    return new Tensor(at::from_blob(values, {static_cast<int64_t>(length)}, end, at::kFloat));
  });
}

// The stream in which this thread computes on the device of a tensor, null also
// for a device's default stream; `*failed` tells a failure from that. Whatever
// the device, without its own headers.
void* elm_stream(const Tensor* on, int* failed, char* message, size_t capacity) {
  *failed = 1;
  return guarded(message, capacity, [&] {
    c10::impl::VirtualGuardImpl guard(on->device().type());
    void* stream = guard.getStream(on->device()).native_handle();
    *failed = 0;
    return stream;
  });
}

// Gradients of a scalar with respect to every leaf that it depends on.
Gradients* elm_backward(const Tensor* loss, char* message, size_t capacity) {
  return guarded(message, capacity, [&] {
    auto answer = std::make_unique<Gradients>();
    variable_list variables = leaves(*loss);
    if (!variables.empty()) {
      auto gradients = torch::autograd::grad({*loss}, variables, {}, /*retain_graph=*/true,
                                             /*create_graph=*/false, /*allow_unused=*/true);
      for (size_t i = 0; i < variables.size(); i++) {
        answer->emplace(variables[i].unsafeGetTensorImpl(), std::make_pair(variables[i], gradients[i]));
      }
    }
    return answer.release();
  });
}

// The gradient of a variable, or null if it has none.
Tensor* elm_gradient(const Gradients* gradients, const Tensor* variable) {
  char message[MESSAGE];
  return guarded(message, sizeof message, [&]() -> Tensor* {
    auto found = gradients->find(variable->unsafeGetTensorImpl());
    if (found == gradients->end() || !found->second.second.defined()) return nullptr;
    return new Tensor(found->second.second);
  });
}

void elm_free_gradients(Gradients* gradients) { delete gradients; }
}
