// Corpus BLEU (Papineni et al. 2002) as sacrebleu 2 computes it: 4-grams,
// exponential smoothing, one reference, tokenised by mteval's 13a rules or by
// character.
#ifndef PTX_EXAMPLES_TRANSLATE_BLEU_H
#define PTX_EXAMPLES_TRANSLATE_BLEU_H

#include <string>
#include <vector>

namespace translate {

/// 0 to 100. Throws where the two differ in length.
double corpusBleu(const std::vector<std::string> &hypotheses, const std::vector<std::string> &references,
                  bool byCharacter);

} // namespace translate

#endif // PTX_EXAMPLES_TRANSLATE_BLEU_H
