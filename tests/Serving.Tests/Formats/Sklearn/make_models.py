#!/usr/bin/python3
"""Fits scikit-learn models on seeded data, saves each with torch.save and writes beside it what scikit-learn answers:
/usr/bin/python3 make_models.py <empty folder> [<folder of the sk2torch library>] (Debian's python3-torch and python3-sklearn).
Each family of models gets a folder of its own.

With the second argument the real library wraps the models; models that it cannot wrap or pickle are left out and printed."""
import json
import pathlib
import sys
import warnings

import numpy as np
import torch
from sklearn import (compose, decomposition, dummy, ensemble, kernel_approximation, linear_model, neural_network, pipeline,
                     preprocessing, svm, tree)

warnings.simplefilter("ignore")
out = pathlib.Path(sys.argv[1])
real = len(sys.argv) > 2
if real:
    sys.path.insert(0, sys.argv[2])
    from sk2torch import wrap
else:
    from stand_ins import wrap

random = np.random.RandomState(7)
X = random.randn(160, 5) * [1, 2, 0.5, 3, 1] + [0, 1, 0, -2, 5]
SCORE = X @ [1, -0.5, 2, 0.3, -0.2] + np.sin(X[:, 1])
Y = SCORE + random.randn(160) * 0.3
Y2 = np.stack([Y, X[:, 0] * X[:, 3]], axis=1)
TWO = np.where(Y > np.median(Y), 7, 3)
FOUR = np.digitize(Y, np.quantile(Y, [0.25, 0.5, 0.75])) * 2 - 1
PAIR = np.stack([FOUR, (X[:, 1] > 1).astype(np.int64)], axis=1)
LABELS = np.stack([Y > 0, X[:, 1] > 1, X[:, 4] > 5.5], axis=1).astype(np.int64)
# Trees round their input to float32 in scikit-learn, but not in sk2torch: these rows are the same in both.
ROWS = (random.randn(9, 5) * [1, 2, 0.5, 3, 1] + [0, 1, 0, -2, 5]).astype(np.float32).astype(np.float64)
PREDICT, PROBA = ["predict"], ["predict", "predict_proba", "predict_log_proba"]
DECIDE, TRANSFORM, BOTH = ["predict", "decision_function"], ["transform"], ["transform", "inverse_transform"]


def encode(values):
    """The tensor or tensors as .NET's JSON reads them."""
    arrays = [np.asarray(v) for v in (values if isinstance(values, list) else [values])]
    words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return [{"dtype": str(a.dtype), "shape": a.shape, "values": [words.get(str(v), v) for v in a.reshape(-1).astype(float).tolist()]} for a in arrays]


def case(method, rows, expected, tolerance):
    return {"method": method, "input": encode(rows)[0], "expected": encode(expected), "list": isinstance(expected, list), "tolerance": tolerance}


def save(name, model, methods, rows=None, tolerance=1e-9, expected=None):
    """`expected`: answers by method, where they are not scikit-learn's own."""
    expected = expected or {}
    rows = ROWS if rows is None else rows
    cases = []
    for method in methods:
        given = model.transform(rows) if method == "inverse_transform" else rows
        cases.append(case(method, given, expected[method] if method in expected else getattr(model, method)(given), tolerance))
    # forward is the first of these that a model has.
    cases += [{**c, "method": "forward"} for c in cases[:1] if c["method"] in ("predict", "transform")]
    try:
        torch.save(wrap(model), folder / f"{name}.pt")
    except Exception as error:
        if not real:
            raise
        (folder / f"{name}.pt").unlink(missing_ok=True)
        print(f"left out {name}: {type(error).__name__}: {error}")
        return
    (folder / f"{name}.json").write_text(json.dumps(cases))


def linear_models():
    save("linear_regression", linear_model.LinearRegression().fit(X, Y), PREDICT)
    save("linear_regression_two_outputs", linear_model.LinearRegression().fit(X, Y2), PREDICT)
    save("linear_regression_column", linear_model.LinearRegression().fit(X, Y[:, None]), PREDICT, expected={"predict": linear_model.LinearRegression().fit(X, Y).predict(ROWS)})
    save("linear_regression_no_intercept", linear_model.LinearRegression(fit_intercept=False).fit(X, Y), PREDICT)
    save("linear_regression_float32", linear_model.LinearRegression().fit(X.astype(np.float32), Y.astype(np.float32)), PREDICT, ROWS.astype(np.float32), 1e-5)
    save("linear_regression_takes_float32", linear_model.LinearRegression().fit(X, Y), PREDICT, ROWS.astype(np.float32))
    save("linear_regression_takes_int64", linear_model.LinearRegression().fit(X, Y), PREDICT, (ROWS * 10).astype(np.int64))
    save("ridge_no_intercept_two_outputs", linear_model.Ridge(fit_intercept=False).fit(X, Y2), PREDICT)
    save("ridge_cv", linear_model.RidgeCV().fit(X, Y), PREDICT)
    save("sgd_regressor", linear_model.SGDRegressor(random_state=1).fit(X, Y), PREDICT)
    save("linear_svr", svm.LinearSVR(random_state=1, max_iter=5000).fit(X, Y), PREDICT)
    save("ridge_classifier_binary", linear_model.RidgeClassifier().fit(X, TWO), DECIDE)
    save("ridge_classifier_cv", linear_model.RidgeClassifierCV().fit(X, FOUR), DECIDE)
    save("linear_svc", svm.LinearSVC(random_state=1).fit(X, FOUR), DECIDE)
    save("sgd_classifier_hinge", linear_model.SGDClassifier(random_state=1).fit(X, FOUR), DECIDE)
    save("sgd_classifier_log_binary", linear_model.SGDClassifier(loss="log", alpha=1, random_state=1).fit(X, TWO), DECIDE + PROBA[1:])
    save("sgd_classifier_log", linear_model.SGDClassifier(loss="log", alpha=1, random_state=1).fit(X, FOUR), DECIDE + PROBA[1:])
    save("sgd_classifier_log_loss", linear_model.SGDClassifier(loss="log_loss", alpha=1, random_state=1).fit(X, FOUR), DECIDE + ([] if real else PROBA[1:]))
    save("logistic_binary", linear_model.LogisticRegression().fit(X, TWO), DECIDE + PROBA[1:])
    save("logistic_auto", linear_model.LogisticRegression().fit(X, FOUR), DECIDE + PROBA[1:])
    save("logistic_ovr", linear_model.LogisticRegression(multi_class="ovr").fit(X, FOUR), DECIDE + PROBA[1:])
    save("logistic_multinomial_binary", linear_model.LogisticRegression(multi_class="multinomial").fit(X, TWO), DECIDE + PROBA[1:])
    save("logistic_bool", linear_model.LogisticRegression().fit(X, TWO > 5), DECIDE + PROBA[1:])


def scalers():
    save("standard_scaler", preprocessing.StandardScaler().fit(X), BOTH)
    save("standard_scaler_no_mean", preprocessing.StandardScaler(with_mean=False).fit(X), BOTH)
    save("standard_scaler_no_scale", preprocessing.StandardScaler(with_std=False).fit(X), BOTH)
    save("standard_scaler_nothing", preprocessing.StandardScaler(with_mean=False, with_std=False).fit(X), BOTH)
    save("min_max_scaler", preprocessing.MinMaxScaler().fit(X), BOTH)
    save("min_max_scaler_clip", preprocessing.MinMaxScaler((-1, 2), clip=True).fit(X[:20]), BOTH)
    save("pca", decomposition.PCA().fit(X), BOTH)
    save("pca_three", decomposition.PCA(3).fit(X), BOTH)
    save("pca_whiten", decomposition.PCA(3, whiten=True).fit(X), BOTH)


def trees():
    save("tree_regressor", tree.DecisionTreeRegressor(random_state=1).fit(X, Y), PREDICT)
    save("tree_regressor_two_outputs", tree.DecisionTreeRegressor(random_state=1, max_depth=6).fit(X, Y2), PREDICT)
    save("tree_regressor_best_first", tree.DecisionTreeRegressor(random_state=1, max_leaf_nodes=20).fit(X, Y), PREDICT)
    save("tree_regressor_one_leaf", tree.DecisionTreeRegressor().fit(X, np.full(160, 2.5)), PREDICT)
    save("tree_regressor_takes_float32", tree.DecisionTreeRegressor(random_state=1).fit(X, Y), PREDICT, ROWS.astype(np.float32))
    save("tree_classifier", tree.DecisionTreeClassifier(random_state=1, max_depth=4).fit(X, FOUR), PROBA)
    save("tree_classifier_two_outputs", tree.DecisionTreeClassifier(random_state=1, max_depth=4).fit(X, PAIR), PROBA)
    save("tree_classifier_one_class", tree.DecisionTreeClassifier().fit(X, np.full(160, 4)), PROBA)
    save("tree_classifier_path", tree.DecisionTreeClassifier(random_state=1, max_depth=5).fit(X, FOUR), ["predict", "decision_path"],
         expected={"decision_path": tree.DecisionTreeClassifier(random_state=1, max_depth=5).fit(X, FOUR).decision_path(ROWS).toarray().astype(bool)})


def boosting():
    decide = PROBA + ["decision_function"]
    save("boosting_regressor", ensemble.GradientBoostingRegressor(random_state=1).fit(X, Y), PREDICT)
    save("boosting_regressor_linear_init", ensemble.GradientBoostingRegressor(random_state=1, n_estimators=5, init=linear_model.LinearRegression()).fit(X, Y), PREDICT, tolerance=1e-6)
    save("boosting_regressor_quantile", ensemble.GradientBoostingRegressor(loss="quantile", random_state=1, n_estimators=20, max_depth=None, min_samples_leaf=5).fit(X, Y), PREDICT)
    save("boosting_binary", ensemble.GradientBoostingClassifier(loss="deviance", random_state=1, n_estimators=30).fit(X, TWO), decide)
    save("boosting_classifier", ensemble.GradientBoostingClassifier(loss="deviance", random_state=1, n_estimators=20, subsample=0.7).fit(X, FOUR), decide)
    save("boosting_log_loss", ensemble.GradientBoostingClassifier(random_state=1, n_estimators=10).fit(X, FOUR), decide)
    save("boosting_exponential", ensemble.GradientBoostingClassifier(loss="exponential", random_state=1, n_estimators=30).fit(X, TWO), decide)
    save("boosting_logistic_init", ensemble.GradientBoostingClassifier(loss="deviance", random_state=1, n_estimators=5, init=linear_model.LogisticRegression()).fit(X, FOUR), decide)
    save("boosting_zero_init", ensemble.GradientBoostingClassifier(loss="deviance", random_state=1, n_estimators=5, init="zero").fit(X, FOUR), decide)
    save("boosting_regressor_zero_init", ensemble.GradientBoostingRegressor(random_state=1, n_estimators=5, init="zero").fit(X, Y), PREDICT)


def dummies():
    for strategy in ("most_frequent", "prior"):
        save(f"dummy_{strategy}", dummy.DummyClassifier(strategy=strategy).fit(X, FOUR), PROBA)
    save("dummy_constant", dummy.DummyClassifier(strategy="constant", constant=5).fit(X, FOUR), PROBA)
    save("dummy_two_outputs", dummy.DummyClassifier(strategy="prior").fit(X, PAIR), PROBA)
    save("dummy_constant_two_outputs", dummy.DummyClassifier(strategy="constant", constant=[5, 0]).fit(X, PAIR), PROBA)
    save("dummy_uniform", dummy.DummyClassifier(strategy="uniform").fit(X, FOUR), PROBA[1:])
    save("dummy_stratified", dummy.DummyClassifier(strategy="stratified").fit(X, FOUR), [])
    save("dummy_mean", dummy.DummyRegressor().fit(X, Y), PREDICT)
    save("dummy_constant_regressor", dummy.DummyRegressor(strategy="constant", constant=2.5).fit(X, Y), PREDICT)
    save("dummy_median_two_outputs", dummy.DummyRegressor(strategy="median").fit(X, Y2), PREDICT)


def kernels():
    for kernel in ("rbf", "linear", "poly", "polynomial", "sigmoid"):
        save(f"nystroem_{kernel}", kernel_approximation.Nystroem(kernel, n_components=20, random_state=1).fit(X / 10), TRANSFORM, ROWS / 10)
    save("nystroem_poly_parameters", kernel_approximation.Nystroem("poly", gamma=0.2, coef0=0.5, degree=2, n_components=8, random_state=1).fit(X), TRANSFORM)
    save("svr_rbf", svm.SVR().fit(X, Y), PREDICT)
    save("svr_linear", svm.SVR(kernel="linear").fit(X[:60], Y[:60]), PREDICT)
    save("nu_svr_poly", svm.NuSVR(kernel="poly", coef0=1, gamma=0.1).fit(X, Y), PREDICT)
    save("svc_binary", svm.SVC().fit(X, TWO), DECIDE)
    save("svc_ovr", svm.SVC(gamma=0.1).fit(X, FOUR), DECIDE)
    save("svc_ovo", svm.SVC(decision_function_shape="ovo").fit(X, FOUR), DECIDE)
    save("svc_break_ties", svm.SVC(break_ties=True, kernel="poly").fit(X, FOUR), DECIDE)
    save("svc_linear", svm.SVC(kernel="linear").fit(X, FOUR), DECIDE)
    save("nu_svc_sigmoid", svm.NuSVC(kernel="sigmoid", nu=0.2, gamma=0.01, coef0=0.1).fit(X, FOUR), DECIDE)
    save("svc_takes_float32", svm.SVC().fit(X, FOUR), DECIDE, ROWS.astype(np.float32))
    binary = svm.SVC(probability=True, random_state=1).fit(X, TWO)
    # scikit-learn's copy of libsvm iterates also with two classes and stops early; newer ones use Platt's formula as it is.
    negative = 1 / (1 + np.exp(binary.probB_ - binary.decision_function(ROWS) * binary.probA_))
    platt = np.stack([negative, 1 - negative], axis=1)
    assert abs(platt - binary.predict_proba(ROWS)).max() < 5e-3
    save("svc_probability_binary", binary, DECIDE + PROBA[1:], expected={"predict_proba": platt, "predict_log_proba": np.log(platt)})
    save("svc_probability", svm.SVC(probability=True, random_state=1).fit(X, FOUR), DECIDE + PROBA[1:], tolerance=5e-3 if real else 1e-9)
    save("nu_svc_probability_ovo", svm.NuSVC(nu=0.2, probability=True, random_state=1, decision_function_shape="ovo").fit(X, FOUR), DECIDE + PROBA[1:])


def binarizers():
    for neg, pos in ((0, 1), (-1, 1), (-2, 0), (2, 5)):
        name = f"{neg}_{pos}".replace("-", "m")
        save(f"binarizer_{name}", preprocessing.LabelBinarizer(neg_label=neg, pos_label=pos).fit(FOUR), BOTH, FOUR[:7])
        save(f"binarizer_binary_{name}", preprocessing.LabelBinarizer(neg_label=neg, pos_label=pos).fit(TWO), BOTH, TWO[:7])
        save(f"binarizer_labels_{name}", preprocessing.LabelBinarizer(neg_label=neg, pos_label=pos).fit(LABELS), BOTH, LABELS[:7])


def networks():
    settings = {"hidden_layer_sizes": (8, 6), "max_iter": 60, "random_state": 1}
    save("mlp_binary", neural_network.MLPClassifier(**settings).fit(X, TWO), PROBA)
    save("mlp_classifier", neural_network.MLPClassifier(activation="tanh", **settings).fit(X, FOUR), PROBA)
    save("mlp_labels", neural_network.MLPClassifier(activation="logistic", **settings).fit(X, LABELS), PROBA)
    save("mlp_regressor", neural_network.MLPRegressor(**settings).fit(X, Y), PREDICT)
    save("mlp_regressor_two_outputs", neural_network.MLPRegressor(activation="identity", **settings).fit(X, Y2), PREDICT)
    save("mlp_regressor_takes_float32", neural_network.MLPRegressor(**settings).fit(X, Y), PREDICT, ROWS.astype(np.float32))


def compositions():
    two = [("line", linear_model.LinearRegression()), ("tree", tree.DecisionTreeRegressor(max_depth=3, random_state=1))]
    save("stacking_regressor", ensemble.StackingRegressor(two).fit(X, Y), PREDICT + TRANSFORM)
    save("stacking_regressor_passthrough", ensemble.StackingRegressor(two, passthrough=True, final_estimator=linear_model.Ridge()).fit(X, Y), PREDICT + TRANSFORM)
    logistic = [("one", linear_model.LogisticRegression()), ("other", linear_model.LogisticRegression(C=0.1))]
    methods = PROBA[:2] + ["decision_function"] + TRANSFORM
    save("stacking_classifier", ensemble.StackingClassifier(logistic).fit(X, FOUR), methods)
    save("stacking_classifier_binary", ensemble.StackingClassifier(logistic, passthrough=True).fit(X, TWO), methods)
    save("stacking_classifier_decisions", ensemble.StackingClassifier(logistic, stack_method="decision_function").fit(X, FOUR), methods)
    save("target_regressor", compose.TransformedTargetRegressor(linear_model.LinearRegression(), transformer=preprocessing.StandardScaler()).fit(X, Y), PREDICT)
    save("target_regressor_two_outputs", compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=preprocessing.MinMaxScaler()).fit(X, Y2), PREDICT)
    steps = [preprocessing.StandardScaler(), decomposition.PCA(3)]
    save("pipeline_classifier", pipeline.make_pipeline(*steps, linear_model.LogisticRegression()).fit(X, FOUR), PROBA + ["decision_function"])
    save("pipeline_transform", pipeline.make_pipeline(*steps).fit(X), BOTH)
    save("pipeline_regressor", pipeline.make_pipeline(preprocessing.MinMaxScaler(), svm.SVR()).fit(X, Y), PREDICT)


for family in (linear_models, scalers, trees, boosting, dummies, kernels, binarizers, networks, compositions):
    folder = out / family.__name__
    folder.mkdir()
    family()
