"""scikit-learn, and the libraries around it that fit on tables."""

from __future__ import annotations

import gzip
import pickle
import sys
import tarfile
import types
import zipfile
from functools import partial

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import skops.io
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    semi_supervised,
    svm,
    tree,
)
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris

from tests.corpus.making import makes, run

X, Y = load_iris(return_X_y=True)
FRAME = load_iris(as_frame=True).frame
TEXTS = ["the quick brown fox", "jumps over the dog", "hello world", "models in a registry"] * 5
LABELS = [0, 1, 1, 0] * 5


class Clip(BaseEstimator, TransformerMixin):
    """A transformer of one's own, defined in the script that pickles it."""

    def __init__(self, low=0.0, high=1.0):
        self.low = low
        self.high = high

    def fit(self, values, labels=None):
        self.seen_ = np.asarray(values).shape[1]
        return self

    def transform(self, values):
        return np.clip(values, self.low, self.high)


def halved(values, by=2):
    return values / by


def fitted():
    """About sixty estimators, fitted."""
    logistic = linear_model.LogisticRegression(max_iter=500)
    numbers = [
        logistic,
        linear_model.LinearRegression(),
        linear_model.Ridge(),
        linear_model.Lasso(),
        linear_model.ElasticNet(),
        linear_model.SGDClassifier(),
        linear_model.Perceptron(),
        linear_model.BayesianRidge(),
        linear_model.HuberRegressor(),
        linear_model.RANSACRegressor(),
        linear_model.PoissonRegressor(),
        tree.DecisionTreeClassifier(),
        tree.ExtraTreeRegressor(),
        ensemble.RandomForestClassifier(5),
        ensemble.ExtraTreesRegressor(5),
        ensemble.IsolationForest(n_estimators=5),
        ensemble.GradientBoostingClassifier(n_estimators=3),
        ensemble.HistGradientBoostingClassifier(max_iter=3),
        ensemble.AdaBoostClassifier(n_estimators=3),
        ensemble.BaggingRegressor(n_estimators=3),
        ensemble.VotingClassifier([("a", logistic), ("b", tree.DecisionTreeClassifier())]),
        ensemble.StackingClassifier([("a", naive_bayes.GaussianNB())], logistic),
        svm.SVC(probability=True),
        svm.LinearSVC(),
        svm.NuSVR(),
        svm.OneClassSVM(),
        neighbors.KNeighborsClassifier(),
        neighbors.RadiusNeighborsRegressor(3.0),
        neighbors.NearestCentroid(),
        neighbors.LocalOutlierFactor(novelty=True),
        neighbors.KernelDensity(),
        neighbors.NearestNeighbors(algorithm="kd_tree"),
        naive_bayes.GaussianNB(),
        naive_bayes.MultinomialNB(),
        naive_bayes.BernoulliNB(),
        neural_network.MLPClassifier((4,), max_iter=20),
        neural_network.BernoulliRBM(2, n_iter=2),
        gaussian_process.GaussianProcessRegressor(),
        kernel_ridge.KernelRidge(),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        cross_decomposition.PLSRegression(2),
        cluster.KMeans(3, n_init=1),
        cluster.DBSCAN(),
        cluster.AgglomerativeClustering(3),
        cluster.Birch(n_clusters=3),
        cluster.HDBSCAN(),
        cluster.SpectralClustering(3),
        mixture.GaussianMixture(2),
        mixture.BayesianGaussianMixture(n_components=2),
        decomposition.PCA(2),
        decomposition.NMF(2, max_iter=500),
        decomposition.FastICA(2),
        decomposition.TruncatedSVD(2),
        decomposition.LatentDirichletAllocation(2, max_iter=2),
        manifold.Isomap(),
        manifold.TSNE(perplexity=5, max_iter=250),
        covariance.EllipticEnvelope(),
        kernel_approximation.RBFSampler(n_components=5),
        kernel_approximation.Nystroem(n_components=5),
        random_projection.GaussianRandomProjection(2),
        feature_selection.SelectKBest(k=2),
        feature_selection.RFE(logistic),
        preprocessing.StandardScaler(),
        preprocessing.MinMaxScaler(),
        preprocessing.RobustScaler(),
        preprocessing.OneHotEncoder(),
        preprocessing.OrdinalEncoder(),
        preprocessing.KBinsDiscretizer(3),
        preprocessing.PolynomialFeatures(),
        preprocessing.QuantileTransformer(n_quantiles=20),
        preprocessing.PowerTransformer(),
        preprocessing.SplineTransformer(),
        preprocessing.TargetEncoder(),
        preprocessing.Normalizer(),
        impute.SimpleImputer(),
        impute.KNNImputer(),
        semi_supervised.LabelPropagation(),
        semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB()),
        calibration.CalibratedClassifierCV(naive_bayes.GaussianNB()),
        multiclass.OneVsRestClassifier(logistic),
        multiclass.OutputCodeClassifier(logistic),
        model_selection.GridSearchCV(logistic, {"C": [0.1, 1]}, cv=2),
        model_selection.RandomizedSearchCV(tree.DecisionTreeClassifier(), {"max_depth": range(1, 9)}, n_iter=2, cv=2),
        model_selection.FixedThresholdClassifier(logistic),
        compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
    ]
    binary = {"FixedThresholdClassifier"}
    models = {}
    for each in numbers:
        name = type(each).__name__
        chosen = slice(0, 100) if name in binary else slice(None)
        models[name] = each.fit(X[chosen], Y[chosen])
    models["MultiOutputClassifier"] = multioutput.MultiOutputClassifier(logistic).fit(X, np.c_[Y, Y])
    models["ClassifierChain"] = multioutput.ClassifierChain(logistic).fit(X, np.c_[Y > 0, Y > 1])
    models["IsotonicRegression"] = isotonic.IsotonicRegression().fit(X[:, 0], Y)
    models["LabelEncoder"] = preprocessing.LabelEncoder().fit(["a", "b"])
    models["LabelBinarizer"] = preprocessing.LabelBinarizer().fit(["a", "b"])
    models["MultiLabelBinarizer"] = preprocessing.MultiLabelBinarizer().fit([["a"], ["b", "c"]])
    text = feature_extraction.text
    models["TfidfVectorizer"] = text.TfidfVectorizer().fit(TEXTS)
    models["CountVectorizer"] = text.CountVectorizer(ngram_range=(1, 2)).fit(TEXTS)
    models["HashingVectorizer"] = text.HashingVectorizer(n_features=32).fit(TEXTS)
    models["DictVectorizer"] = feature_extraction.DictVectorizer().fit([{"a": 1}, {"b": 2}])
    models["IterativeImputer"] = _iterative()
    return models


def _iterative():
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return IterativeImputer(max_iter=2).fit(X)


def pipelines():
    columns = list(FRAME.columns[:4])
    table = FRAME.assign(kind=pd.Categorical(["a", "b", "c"] * 50), when=pd.Timestamp("2026-01-01"))
    mixed = compose.ColumnTransformer(
        [
            ("numbers", preprocessing.StandardScaler(), columns),
            ("kinds", preprocessing.OneHotEncoder(), compose.make_column_selector(dtype_include="category")),
        ]
    )
    logistic = linear_model.LogisticRegression(max_iter=500)
    union = pipeline.make_union(decomposition.PCA(2), preprocessing.FunctionTransformer(np.log1p))
    steps = [("scale", preprocessing.StandardScaler()), ("pca", decomposition.PCA(2)), ("model", logistic)]
    return {
        "mixed": pipeline.make_pipeline(mixed, logistic).fit(table, Y),
        "text": pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), logistic).fit(TEXTS, LABELS),
        "memory": pipeline.Pipeline(steps, memory=joblib.Memory(None)).fit(X, Y),
        "memory-folder": pipeline.Pipeline(steps, memory=joblib.Memory("cache", verbose=0)),
        "union": pipeline.make_pipeline(union, logistic).fit(X, Y),
        "own-class": pipeline.make_pipeline(Clip(0, 5), logistic).fit(X, Y),
        "own-function": pipeline.make_pipeline(preprocessing.FunctionTransformer(partial(halved, by=3)), logistic).fit(
            X, Y
        ),
        "frame-output": pipeline.make_pipeline(preprocessing.StandardScaler())
        .set_output(transform="pandas")
        .fit(FRAME),
        "search": model_selection.GridSearchCV(pipeline.Pipeline(steps), {"model__C": [1, 2]}, cv=2).fit(X, Y),
    }


@makes("scikit-learn", "pickle")
def pickles(folder):
    for name, model in fitted().items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))


@makes("scikit-learn", "pipelines")
def pipeline_pickles(folder):
    for name, model in pipelines().items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        (folder / f"{name}.protocol-2.pkl").write_bytes(pickle.dumps(model, 2))
        (folder / f"{name}.cloudpickle").write_bytes(cloudpickle.dumps(model))
        joblib.dump(model, f"{name}.joblib")
    (folder / "lambda.cloudpickle").write_bytes(
        cloudpickle.dumps(pipeline.make_pipeline(preprocessing.FunctionTransformer(lambda values: values + 1)))
    )
    with gzip.open("mixed.pkl.gz", "wb") as packed:
        pickle.dump(pipelines()["mixed"], packed)


@makes("scikit-learn", "datasets")
def datasets(folder):
    joblib.dump(load_iris(), "iris.joblib")
    joblib.dump(load_iris(as_frame=True), "iris-frame.joblib")
    (folder / "iris.pkl").write_bytes(pickle.dumps(load_iris()))
    (folder / "bundle.pkl").write_bytes(
        pickle.dumps({"model": fitted()["Ridge"], "columns": ["a"], "score": np.float64(0.9)})
    )
    results = model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [1, 2]}, cv=2).fit(X, Y).cv_results_
    joblib.dump(results, "cv-results.joblib")
    (folder / "sample.pkl").write_bytes(pickle.dumps(neighbors.KDTree(X)))
    (folder / "ball.pkl").write_bytes(pickle.dumps(neighbors.BallTree(X)))
    (folder / "splitter.pkl").write_bytes(pickle.dumps(model_selection.StratifiedKFold(3)))
    (folder / "kernel.pkl").write_bytes(
        pickle.dumps(gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel())
    )


@makes("joblib")
def estimators(folder):
    for name, model in fitted().items():
        joblib.dump(model, f"{name}.joblib")


@makes("joblib")
def compressed(folder):
    model = fitted()["RandomForestClassifier"]
    for method in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
        joblib.dump(model, f"forest.{method}.joblib", compress=(method, 3))
    for suffix in ("z", "gz", "bz2", "xz", "lzma"):
        joblib.dump(model, f"forest.pkl.{suffix}")
    joblib.dump(model, "forest.protocol-2.joblib", protocol=2)


@makes("joblib")
def values(folder):
    import ml_dtypes

    arrays = {
        "float16": np.ones(3, "f2"),
        "fortran": np.asfortranarray(np.ones((3, 4))),
        "empty": np.empty((0, 3)),
        "scalar": np.array(1.5),
        "objects": np.array(["a", None, {}], dtype=object),
        "text": np.array(["a", "bc"]),
        "bytes": np.array([b"a", b"bc"]),
        "structured": np.array([(1, 2.0, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]),
        "dates": np.array(["2026-01-01"], dtype="M8[D]"),
        "spans": np.array([1], dtype="m8[ns]"),
        "big-endian": np.ones(3, ">f8"),
        "bfloat16": np.ones(5, ml_dtypes.bfloat16),
        "float8": np.ones(5, ml_dtypes.float8_e4m3fn),
        "int4": np.ones(5, ml_dtypes.int4),
        "stringdtype": np.array(["a", "bcd" * 20], dtype=np.dtypes.StringDType()),
        "stringdtype-na": np.array(["a", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)),
        "matrix": np.matrix([[1, 2]]),
        "masked": np.ma.array([1, 2], mask=[0, 1]),
        "records": np.rec.array([(1, 2.0)], dtype="i4,f8"),
        "longdouble": np.ones(2, np.longdouble),
        "complex": np.ones(2, complex),
        "many": [np.ones(3), {"a": np.zeros((2, 2))}],
        "noncontiguous": np.arange(20).reshape(4, 5)[:, ::2],
        "void": np.zeros(2, "V6"),
    }
    for name, value in arrays.items():
        joblib.dump(value, f"{name}.joblib")
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
    joblib.dump(FRAME, "frame.joblib")
    joblib.dump(pd.Series(["a"]), "series.joblib")
    joblib.dump(fitted, "function.joblib")


@makes("joblib")
def modules_called_as_those_of_python(folder):
    """``code`` and ``test`` are what people call their own modules, and names of the standard library."""
    for name in ("code", "test", "code.model", "test.models"):
        own = types.ModuleType(name)
        own.Model = type("Model", (), {"__module__": name, "predict": halved})
        kept = sys.modules.get(name)
        sys.modules[name] = own
        joblib.dump(own.Model(), f"{name}.joblib")
        (folder / f"{name}.pkl").write_bytes(pickle.dumps([own.Model(), own.Model]))
        if kept is None:
            del sys.modules[name]
        else:
            sys.modules[name] = kept


@makes("joblib")
def memory(folder):
    cached = joblib.Memory("cache", verbose=0).cache(halved)
    cached(X)
    cached(FRAME)


@makes("skops")
def estimators_of_skops(folder):
    models = fitted()
    for name in sorted(models)[::2]:
        skops.io.dump(models[name], f"{name}.skops")
    skops.io.dump(pipelines()["mixed"], "mixed.skops")
    skops.io.dump(pipelines()["own-class"], "own-class.skops", compression=zipfile.ZIP_DEFLATED)


@makes("imbalanced-learn")
def resampled(folder):
    from imblearn import over_sampling
    from imblearn import pipeline as steps

    model = steps.make_pipeline(over_sampling.SMOTE(k_neighbors=2), linear_model.LogisticRegression(max_iter=500)).fit(
        X, Y
    )
    joblib.dump(model, "smote.joblib")
    (folder / "smote.pkl").write_bytes(pickle.dumps(model))


@makes("xgboost-cpu")
def models_of_xgboost(folder):
    import xgboost

    made = {
        "classifier": xgboost.XGBClassifier(n_estimators=3).fit(X, Y),
        "regressor": xgboost.XGBRegressor(n_estimators=3).fit(X, Y),
        "ranker": xgboost.XGBRanker(n_estimators=3).fit(X, Y, qid=np.repeat([0, 1, 2], 50)),
        "forest": xgboost.XGBRFClassifier(n_estimators=3).fit(X, Y),
        "linear": xgboost.XGBRegressor(n_estimators=3, booster="gblinear").fit(X, Y),
        "dart": xgboost.XGBClassifier(n_estimators=3, booster="dart").fit(X, Y),
        "categories": xgboost.XGBClassifier(n_estimators=3, enable_categorical=True).fit(
            FRAME.assign(k=pd.Categorical(["a", "b"] * 75)), Y
        ),
    }
    for name, model in made.items():
        model.save_model(f"{name}.json")
        model.save_model(f"{name}.ubj")
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        joblib.dump(model, f"{name}.joblib")
    booster = made["classifier"].get_booster()
    booster.save_model("booster.model.ubj")
    (folder / "booster.bin").write_bytes(booster.save_raw("ubj"))
    (folder / "booster.pkl").write_bytes(pickle.dumps(booster))
    booster.dump_model("dump.txt")
    booster.dump_model("dump.json", dump_format="json")
    (folder / "config.json").write_text(booster.save_config())
    xgboost.DMatrix(X, Y).save_binary("matrix.buffer")


@makes("lightgbm")
def models_of_lightgbm(folder):
    import lightgbm

    made = {
        "classifier": lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, Y),
        "regressor": lightgbm.LGBMRegressor(n_estimators=3, verbose=-1).fit(FRAME, Y),
        "ranker": lightgbm.LGBMRanker(n_estimators=3, verbose=-1).fit(X, Y, group=[50, 50, 50]),
    }
    for name, model in made.items():
        model.booster_.save_model(f"{name}.txt")
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        (folder / f"{name}.booster.pkl").write_bytes(pickle.dumps(model.booster_))
        joblib.dump(model, f"{name}.joblib")
        (folder / f"{name}.json").write_text(__import__("json").dumps(model.booster_.dump_model()))
    made["classifier"].booster_.save_model("model.lgb")
    lightgbm.Dataset(X, Y, params={"verbose": -1}).save_binary("data.bin")


@makes("catboost")
def models_of_catboost(folder):
    import catboost

    quiet = {"iterations": 3, "verbose": 0, "allow_writing_files": False}
    kinds = FRAME.assign(k=["a", "b"] * 75)
    made = {
        "classifier": catboost.CatBoostClassifier(**quiet).fit(X, Y),
        "regressor": catboost.CatBoostRegressor(**quiet).fit(X, Y),
        "categories": catboost.CatBoostClassifier(**quiet).fit(kinds, Y, cat_features=["k"]),
    }
    for name, model in made.items():
        model.save_model(f"{name}.cbm")
        model.save_model(f"{name}.json", format="json")
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        joblib.dump(model, f"{name}.joblib")
    made["regressor"].save_model("regressor.onnx", format="onnx")
    made["regressor"].save_model("regressor.py", format="python")
    made["regressor"].save_model("regressor.cpp", format="cpp")
    catboost.Pool(X, Y).quantize()


@makes("catboost")
def training(folder):
    import catboost

    catboost.CatBoostClassifier(iterations=3, verbose=0, train_dir=str(folder), save_snapshot=True).fit(
        X, Y, eval_set=(X, Y)
    )


@makes("statsmodels")
def results(folder):
    import statsmodels.api as sm
    import statsmodels.formula.api as smf
    from statsmodels.tsa.api import ARIMA, ExponentialSmoothing

    table = FRAME.set_axis(["a", "b", "c", "d", "y"], axis=1)
    made = {
        "ols": sm.OLS(Y, sm.add_constant(X)).fit(),
        "logit": sm.Logit(Y[:100] > 0, X[:100, :2]).fit(disp=0, method="bfgs"),
        "glm": sm.GLM(Y + 1, X, family=sm.families.Poisson()).fit(),
        "formula": smf.ols("y ~ a + C(b > 3)", table).fit(),
        "robust": sm.RLM(Y, X).fit(),
        "mixed": smf.mixedlm("a ~ b", table, groups=table["y"]).fit(),
        "arima": ARIMA(X[:, 0], order=(1, 0, 1)).fit(),
        "smoothing": ExponentialSmoothing(X[:, 0]).fit(),
    }
    for name, result in made.items():
        result.save(f"{name}.pickle")
        try:
            result.save(f"{name}.small.pickle", remove_data=True)
        except (AttributeError, NotImplementedError, TypeError):
            (folder / f"{name}.small.pickle").unlink(missing_ok=True)


@makes("scikit-learn", "archives")
def archives(folder):
    models = folder / "models"
    models.mkdir()
    joblib.dump(fitted()["Ridge"], models / "ridge.joblib")
    (models / "requirements.txt").write_text("scikit-learn==1.9.1\n")
    with tarfile.open("models.tar.gz", "w:gz") as packed:
        packed.add("models")
    with tarfile.open("models.tar", "w") as packed:
        packed.add("models")
    with tarfile.open("models.tar.xz", "w:xz") as packed:
        packed.add("models")
    with zipfile.ZipFile("models.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in models.iterdir():
            packed.write(path)


if __name__ == "__main__":
    run()
