#include "frontends/bert/Flavor.h"

#include "llvm/Support/ErrorHandling.h"

namespace ptx::frontends {

namespace {

/// RoBERTa (arXiv 1907.11692) and XLM-R (arXiv 1911.02116) differ in the names of their classes.
Flavor roberta(std::string_view modelType, std::vector<std::pair<std::string_view, Head>> heads) {
  return {modelType,
          "roberta.",
          {"hidden_size", "num_attention_heads", "intermediate_size", "num_hidden_layers", "hidden_act"},
          {"encoder.layer.", "attention.self.query", "attention.self.key", "attention.self.value",
           "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense",
           "output.LayerNorm"},
          /*hasTypes=*/true,
          /*countsPositions=*/true,
          {"classifier.dense", decltype(Flavor::sequence)::Tanh, "classifier.out_proj"},
          {"lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", "lm_head.decoder.bias",
           /*erfGelu=*/true},
          std::move(heads),
          "lm_head."};
}

std::vector<Flavor> makeFlavors() {
  Flavor bert = {"bert",
                 "bert.",
                 {"hidden_size", "num_attention_heads", "intermediate_size", "num_hidden_layers", "hidden_act"},
                 {"encoder.layer.", "attention.self.query", "attention.self.key", "attention.self.value",
                  "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense",
                  "output.LayerNorm"},
                 /*hasTypes=*/true,
                 /*countsPositions=*/false,
                 {nullptr, decltype(Flavor::sequence)::Tanh, "classifier"},
                 {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder",
                  "cls.predictions.bias", "cls.predictions.decoder.bias", /*erfGelu=*/false},
                 {{"BertModel", Head::None},
                  {"BertForSequenceClassification", Head::Sequence},
                  {"BertForTokenClassification", Head::Token},
                  {"BertForMaskedLM", Head::MaskedLm},
                  {"BertForPreTraining", Head::PreTraining}},
                 "cls."};
  Flavor distil = {"distilbert", // arXiv 1910.01108
                   "distilbert.",
                   {"dim", "n_heads", "hidden_dim", "n_layers", "activation"},
                   {"transformer.layer.", "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
                    "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"},
                   /*hasTypes=*/false,
                   /*countsPositions=*/false,
                   {"pre_classifier", decltype(Flavor::sequence)::Relu, "classifier"},
                   {"vocab_transform", "vocab_layer_norm", "vocab_projector", "vocab_projector.bias", nullptr,
                    /*erfGelu=*/false},
                   {{"DistilBertModel", Head::None},
                    {"DistilBertForSequenceClassification", Head::Sequence},
                    {"DistilBertForTokenClassification", Head::Token},
                    {"DistilBertForMaskedLM", Head::MaskedLm}},
                   "vocab_"};
  return {bert,
          roberta("roberta", {{"RobertaModel", Head::None},
                              {"RobertaForSequenceClassification", Head::Sequence},
                              {"RobertaForTokenClassification", Head::Token},
                              {"RobertaForMaskedLM", Head::MaskedLm}}),
          roberta("xlm-roberta", {{"XLMRobertaModel", Head::None},
                                  {"XLMRobertaForSequenceClassification", Head::Sequence},
                                  {"XLMRobertaForTokenClassification", Head::Token},
                                  {"XLMRobertaForMaskedLM", Head::MaskedLm}}),
          distil};
}

} // namespace

const std::vector<Flavor> &flavors() {
  static const std::vector<Flavor> all = makeFlavors();
  return all;
}

const Flavor &flavorOf(std::string_view modelType) {
  for (const Flavor &flavor : flavors())
    if (flavor.modelType == modelType)
      return flavor;
  llvm_unreachable("a model type without a flavor");
}

} // namespace ptx::frontends
