"""Modules that pickle like those of the sk2torch library, which is not packaged: empty classes under its module names, with
the parameters, buffers, attributes and submodules that its files hold (read from such files, not from its code)."""
import sys
import types

import numpy as np
import torch


def _class(name):
    """The empty nn.Module class of that dotted name; importable, so that torch.save finds it."""
    module_name, class_name = name.rsplit(".", 1)
    for parent in ("sk2torch", module_name):
        sys.modules.setdefault(parent, types.ModuleType(parent))
    module = sys.modules[module_name]
    if not hasattr(module, class_name):
        setattr(module, class_name, type(class_name, (torch.nn.Module,), {"__module__": module_name}))
    return getattr(module, class_name)


def make(name, params=None, buffers=None, modules=None, **attributes):
    made = _class("sk2torch." + name)()
    for key, value in (params or {}).items():
        made.register_parameter(key, torch.nn.Parameter(tensor(value)))
    for key, value in (buffers or {}).items():
        made.register_buffer(key, tensor(value))
    for key, value in (modules or {}).items():
        made.add_module(key, value)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def tensor(value):
    """Keeps numpy's memory order, as torch.from_numpy does."""
    return value if isinstance(value, torch.Tensor) else torch.from_numpy(np.asarray(value))


def wrap(model):
    name = type(model).__name__
    for names, maker in MAKERS:
        if name in names:
            return maker(model)
    raise ValueError(name)


def linear(model, name="TorchLinearRegression", **attributes):
    weights = tensor(model.coef_)
    params = {"weights": weights[None] if weights.dim() == 1 else weights, "biases": np.array(model.intercept_)}
    buffers = {"classes": model.classes_} if name != "TorchLinearRegression" else {}
    return make("linear_model." + name, params, buffers, **attributes)


def logistic(model):
    kind = model.multi_class
    if kind == "auto" and (len(model.classes_) == 2 or model.solver == "liblinear"):
        kind = "ovr"
    return linear(model, "TorchLogisticRegression", multi_class=kind)


def standard_scaler(model):
    mean = model.mean_ if model.with_mean else torch.zeros(())
    scale = model.scale_ if model.with_std else torch.ones(())
    return make("standard_scaler.TorchStandardScaler", {"mean": mean, "scale": scale})


def min_max_scaler(model):
    bounds = torch.tensor(model.feature_range, dtype=tensor(model.scale_).dtype)
    return make("min_max_scaler.TorchMinMaxScaler", {"scale": model.scale_, "min": model.min_}, {"feature_range": bounds}, clip=model.clip)


def pca(model):
    params = {"mean": model.mean_, "components": model.components_}
    if model.whiten:
        return make("pca.TorchPCA", {**params, "scale": 1 / np.sqrt(model.explained_variance_)})
    return make("pca.TorchPCA", params, scale=1.0)


def tree_state(tree):
    """One row a leaf and one column a branch, both in the order of their node numbers: `cond_mask` tells which branches lie
    above a leaf, `cond` at which of them it lies on the right, `decision_paths` (a column a node) the nodes from root to leaf."""
    count = tree.node_count
    above, right, paths = (np.zeros((count, count), dtype=bool) for _ in range(3))
    pending = [(0, [])]
    while pending:
        node, path = pending.pop()
        for branch, is_right in path:
            above[node, branch], right[node, branch], paths[node, branch] = True, is_right, True
        paths[node, node] = True
        if tree.children_left[node] >= 0:
            pending.append((tree.children_left[node], path + [(node, False)]))
            pending.append((tree.children_right[node], path + [(node, True)]))
    branches = tree.children_left >= 0
    leaves = ~branches
    params = {"value": tree.value[leaves], "threshold": tree.threshold[branches]}
    buffers = {
        "feature": tree.feature[branches],
        "cond": right[np.ix_(leaves, branches)].astype(np.int8),
        "cond_mask": above[np.ix_(leaves, branches)].astype(np.int8),
        "decision_paths": paths[leaves],
    }
    return params, buffers


def tree_regressor(model):
    return make("tree.TorchDecisionTreeRegressor", *tree_state(model.tree_))


def tree_classifier(model):
    single = model.n_outputs_ == 1
    counts = [model.n_classes_] if single else model.n_classes_
    classes = [model.classes_] if single else model.classes_
    outputs = [make("tree._SingleClassOutput", {}, {"classes": c}, n_classes=int(n)) for n, c in zip(counts, classes)]
    return make("tree.TorchDecisionTreeClassifier", *tree_state(model.tree_),
                modules={"outputs": torch.nn.ModuleList(outputs)}, n_outputs=int(model.n_outputs_))


def boosting(model, name, classes):
    has_init = model.init_ != "zero"
    stages = [make("gradient_boosting._GradientBoostingStage", modules={"trees": torch.nn.ModuleList([wrap(t) for t in row])})
              for row in model.estimators_.tolist()]
    modules = {"init": wrap(model.init_) if has_init else torch.nn.Identity(), "stages": torch.nn.ModuleList(stages)}
    return make("gradient_boosting." + name, {}, {"zero_out": np.zeros(model.estimators_.shape[1]), **classes}, modules,
                has_init=has_init, learning_rate=model.learning_rate, loss=model.loss)


def dummy_single(classes, prior, strategy, constant):
    constant = classes[0] if constant is None else np.array(constant)
    return make("dummy.TorchDummyClassifierSingle", {"class_prior": prior}, {"classes": classes, "constant": constant}, strategy=strategy)


def dummy_classifier(model):
    if not isinstance(model.n_classes_, list):
        return dummy_single(model.classes_, model.class_prior_, model.strategy, model.constant)
    singles = [dummy_single(model.classes_[i], model.class_prior_[i], model.strategy, None if model.constant is None else model.constant[i])
               for i in range(len(model.n_classes_))]
    return make("dummy.TorchDummyClassifierMulti", modules={"singles": torch.nn.ModuleList(singles)})


def dummy_regressor(model):
    constant = {"constant": model.constant_.reshape(-1)}
    fixed = model.strategy == "constant"
    return make("dummy.TorchDummyRegressor", {} if fixed else constant, constant if fixed else {})


def kernel(model):
    gamma = getattr(model, "_gamma", model.gamma)
    values = {"gamma": gamma, "coef0": model.coef0, "degree": model.degree}
    attributes = {}
    for key, value in values.items():
        attributes["has_" + key] = value is not None
        attributes[key] = float(value or 0)
    return make("kernel.Kernel", metric=model.kernel, **attributes)


def nystroem(model):
    return make("nystroem.TorchNystroem", {"components": model.components_, "normalization": model.normalization_}, modules={"kernel": kernel(model)})


def svc(model):
    count = len(model.n_support_)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    index = [-1] * count ** 2
    for k, (i, j) in enumerate(pairs):
        index[i * count + j] = index[j * count + i] = k
    params = {"support_vectors": model.support_vectors_, "intercept": model.intercept_, "dual_coef": model.dual_coef_,
              "prob_a": model.probA_ if model.probability else np.ones(len(pairs)),
              "prob_b": model.probB_ if model.probability else np.zeros(len(pairs))}
    return make("svc.TorchSVC", params, {"classes": model.classes_}, {"kernel": kernel(model)},
                ovr=model.decision_function_shape == "ovr", break_ties=model.break_ties, n_support=model.n_support_.tolist(),
                supports_prob=model.probability, n_classes=count,
                sv_offsets=[int(sum(model.n_support_[:i])) for i in range(count)], _ovo_index_map=index)


def svr(model):
    params = {"support_vectors": model.support_vectors_, "dual_coef": model.dual_coef_, "intercept": model.intercept_}
    return make("svr.TorchSVR", params, modules={"kernel": kernel(model)})


def label_binarizer(model):
    return make("label_binarizer.TorchLabelBinarizer", {}, {"classes": model.classes_},
                neg_label=int(model.neg_label), pos_label=int(model.pos_label), y_type=model.y_type_)


def wrapped_mlp(model):
    activations = {"identity": torch.nn.Identity, "logistic": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
    layers = []
    for weights, biases in zip(model.coefs_, model.intercepts_):
        if layers:
            layers.append(activations[model.activation]())
        layer = torch.nn.Linear(*weights.shape, dtype=tensor(weights).dtype)
        layer.weight.data.copy_(tensor(weights).t())
        layer.bias.data.copy_(tensor(biases))
        layers.append(layer)
    return make("nn._WrappedMLP", modules={"layers": torch.nn.Sequential(*layers)}, out_act=model.out_activation_)


def mlp_classifier(model):
    return make("nn.TorchMLPClassifier", modules={"module": wrapped_mlp(model), "label_binarizer": label_binarizer(model._label_binarizer)})


def stacking(model, name, buffers, **attributes):
    modules = {"estimators": torch.nn.ModuleList([wrap(e) for e in model.estimators_]), "final_estimator": wrap(model.final_estimator_)}
    return make("stacking." + name, {}, buffers, modules, passthrough=model.passthrough, **attributes)


def pipeline(model):
    final_name, final = model.steps[-1]
    transforms = torch.nn.ModuleDict({name: wrap(step) for name, step in model.steps[:-1]})
    return make("pipeline.TorchPipeline", modules={"transforms": transforms, "final": wrap(final)}, final_name=final_name)


def target_regressor(model):
    modules = {"regressor": wrap(model.regressor_), "transformer": wrap(model.transformer_)}
    return make("ttr.TorchTransformedTargetRegressor", modules=modules, training_dim=model._training_dim)


MAKERS = [
    (("LinearRegression", "Ridge", "RidgeCV", "SGDRegressor", "LinearSVR"), linear),
    (("RidgeClassifier", "RidgeClassifierCV", "LinearSVC"), lambda m: linear(m, "TorchLinearClassifier")),
    (("SGDClassifier",), lambda m: linear(m, "TorchSGDClassifier", loss=m.loss)),
    (("LogisticRegression",), logistic),
    (("StandardScaler",), standard_scaler),
    (("MinMaxScaler",), min_max_scaler),
    (("PCA",), pca),
    (("DecisionTreeRegressor",), tree_regressor),
    (("DecisionTreeClassifier",), tree_classifier),
    (("GradientBoostingRegressor",), lambda m: boosting(m, "TorchGradientBoostingRegressor", {})),
    (("GradientBoostingClassifier",), lambda m: boosting(m, "TorchGradientBoostingClassifier", {"classes": m.classes_})),
    (("DummyClassifier",), dummy_classifier),
    (("DummyRegressor",), dummy_regressor),
    (("Nystroem",), nystroem),
    (("SVC", "NuSVC"), svc),
    (("SVR", "NuSVR"), svr),
    (("LabelBinarizer",), label_binarizer),
    (("MLPClassifier",), mlp_classifier),
    (("MLPRegressor",), lambda m: make("nn.TorchMLPRegressor", modules={"module": wrapped_mlp(m)})),
    (("StackingClassifier",), lambda m: stacking(m, "TorchStackingClassifier", {"classes": m.classes_}, stack_methods=m.stack_method_)),
    (("StackingRegressor",), lambda m: stacking(m, "TorchStackingRegressor", {})),
    (("Pipeline",), pipeline),
    (("TransformedTargetRegressor",), target_regressor),
]
