"""spaCy, gensim, Prophet, Core ML and other libraries that do not resolve together with the newest of the rest."""

from __future__ import annotations

import pickle
import tarfile

import joblib
import numpy as np
import pandas as pd

from tests.corpus.makers.logging_models import logged
from tests.corpus.making import attempt, makes, run

WORDS = [["hello", "world", "of", "models"], ["a", "registry", "of", "models"], ["hello", "registry"]] * 5


@makes("spacy")
def pipelines(folder):
    import spacy
    from spacy.tokens import DocBin
    from spacy.training import Example

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Modelyard"}])
    text = nlp.add_pipe("textcat")
    text.add_label("A")
    text.add_label("B")
    tagger = nlp.add_pipe("ner")
    tagger.add_label("ORG")
    rows = [
        ("Modelyard is here", {"cats": {"A": 1.0, "B": 0.0}, "entities": [(0, 9, "ORG")]}),
        ("hello", {"cats": {"A": 0.0, "B": 1.0}, "entities": []}),
    ]
    examples = [Example.from_dict(nlp.make_doc(text), told) for text, told in rows]
    nlp.initialize(lambda: examples)
    nlp.update(examples)
    nlp.to_disk("model")
    (folder / "model.bin").write_bytes(nlp.to_bytes())
    attempt(folder / "pipeline.pkl", lambda path: path.write_bytes(pickle.dumps(nlp)))
    doc = nlp("Modelyard is here")
    (folder / "doc.pkl").write_bytes(pickle.dumps(doc))
    DocBin(docs=[doc]).to_disk("corpus.spacy")
    doc.to_disk("doc.bin")
    nlp.vocab.to_disk("vocab")
    (folder / "vocab.pkl").write_bytes(pickle.dumps(nlp.vocab))
    nlp.config.to_disk("config.cfg")
    with tarfile.open("en_tiny-0.1.tar.gz", "w:gz") as packed:
        packed.add("model", "en_tiny-0.1")


@makes("gensim")
def models_of_gensim(folder):
    from gensim import corpora, models
    from gensim.similarities import MatrixSimilarity

    made = {
        "word2vec": models.Word2Vec(WORDS, vector_size=4, min_count=1),
        "fasttext": models.FastText(WORDS, vector_size=4, min_count=1, bucket=20),
        "doc2vec": models.Doc2Vec(
            [models.doc2vec.TaggedDocument(each, [n]) for n, each in enumerate(WORDS)], vector_size=4, min_count=1
        ),
    }
    dictionary = corpora.Dictionary(WORDS)
    counts = [dictionary.doc2bow(each) for each in WORDS]
    made |= {
        "lda": models.LdaModel(counts, num_topics=2, id2word=dictionary),
        "lsi": models.LsiModel(counts, num_topics=2, id2word=dictionary),
        "tfidf": models.TfidfModel(counts),
        "phrases": models.Phrases(WORDS),
        "hdp": models.HdpModel(counts, dictionary),
        "nmf": models.Nmf(counts, num_topics=2, id2word=dictionary),
    }
    for name, model in made.items():
        model.save(f"{name}.model")
        attempt(folder / f"{name}.pkl", lambda path: path.write_bytes(pickle.dumps(model)))
    vectors = made["word2vec"].wv
    vectors.save("vectors.kv")
    vectors.save_word2vec_format("vectors.txt")
    vectors.save_word2vec_format("vectors.bin", binary=True)
    made["word2vec"].save("separate.model", sep_limit=0)
    models.fasttext.save_facebook_model(made["fasttext"], "facebook.bin")
    dictionary.save("words.dict")
    dictionary.save_as_text("words.txt")
    corpora.MmCorpus.serialize("corpus.mm", counts)
    MatrixSimilarity(models.TfidfModel(counts)[counts], num_features=len(dictionary)).save("similarity.index")


@makes("prophet")
def forecasts(folder):
    import prophet
    from prophet.serialize import model_to_json

    table = pd.DataFrame({"ds": pd.date_range("2026-01-01", periods=60), "y": np.arange(60.0)})
    model = prophet.Prophet(weekly_seasonality=True).fit(table)
    (folder / "model.json").write_text(model_to_json(model))
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    joblib.dump(model, "model.joblib")
    fresh = prophet.Prophet()
    fresh.add_seasonality("monthly", 30.5, 3)
    fresh.add_country_holidays("DE")
    (folder / "unfitted.pkl").write_bytes(pickle.dumps(fresh))


@makes("coremltools")
def core_ml(folder):
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb  # noqa: N813
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    builder = NeuralNetworkBuilder([("x", datatypes.Array(4))], [("y", datatypes.Array(2))])
    builder.add_inner_product(
        "dense", np.ones((2, 4)), np.zeros(2), 4, 2, has_bias=True, input_name="x", output_name="y"
    )
    builder.spec.description.metadata.shortDescription = "tiny"
    ct.utils.save_spec(builder.spec, "network.mlmodel")
    (folder / "without-suffix").write_bytes(builder.spec.SerializeToString())

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 4))])
    def program(x):
        return mb.relu(x=mb.linear(x=x, weight=np.ones((2, 4), np.float32)), name="y")

    ct.convert(program, convert_to="mlprogram", skip_model_load=True).save("program.mlpackage")
    ct.convert(program, convert_to="neuralnetwork", skip_model_load=True).save("converted.mlmodel")


@makes("nltk")
def taggers(folder):
    from nltk import NaiveBayesClassifier, RegexpTagger, UnigramTagger
    from nltk.stem import PorterStemmer, SnowballStemmer
    from nltk.tokenize import RegexpTokenizer, TreebankWordTokenizer
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    made = {
        "bayes": NaiveBayesClassifier.train([({"a": 1}, "x"), ({"a": 2}, "y")]),
        "unigram": UnigramTagger([[("hello", "UH"), ("world", "NN")]]),
        "regexp": RegexpTagger([(".*", "NN")]),
        "punkt": PunktSentenceTokenizer(PunktTrainer("Hello there. How are you? Fine.").get_params()),
        "stemmers": [PorterStemmer(), SnowballStemmer("english")],
        "tokenizers": [RegexpTokenizer("a+"), TreebankWordTokenizer()],
    }
    for name, value in made.items():
        attempt(folder / f"{name}.pickle", lambda path: path.write_bytes(pickle.dumps(value)))


@makes("fasttext-wheel")
def fasttext_models(folder):
    import fasttext

    (folder / "train.txt").write_text("__label__a hello world\n__label__b a registry\n" * 10)
    model = fasttext.train_supervised("train.txt", dim=4, epoch=2, minCount=1, bucket=50)
    model.save_model("model.bin")
    attempt(folder / "small.ftz", lambda path: (model.quantize("train.txt", retrain=True), model.save_model(str(path))))


@makes("mlflow", "language")
def flavours(folder):
    import mlflow
    import prophet
    import spacy

    pins = {"pip_requirements": ["mlflow"]}
    table = pd.DataFrame({"ds": pd.date_range("2026-01-01", periods=60), "y": np.arange(60.0)})
    logged(folder, "prophet", lambda **at: mlflow.prophet.log_model(prophet.Prophet().fit(table), **pins, **at))
    logged(folder, "spacy", lambda **at: mlflow.spacy.log_model(spacy.blank("en"), **pins, **at))


if __name__ == "__main__":
    run()
