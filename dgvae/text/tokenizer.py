"""Word-level tokenizer: a `tokenizers.WordLevel` in a `PreTrainedTokenizerFast`, with the cleaning that free text needs.

Corpora come tokenized, words apart by one space, so training splits at white space only. What a visitor types does not:
`words` splits what the vocabulary lacks by the rules of `dgvae.text.words` ("great!" -> "great !").
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from dgvae.errors import UserError
from dgvae.files.atomic import read_json, write_bytes
from dgvae.text.words import split_words

PAD, UNKNOWN, START, END = range(4)
MOST_BYTES = 64_000_000  # of a tokenizer.json
SPECIAL_WORDS = ("<pad>", "<unk>", "<s>", "</s>")
_RESERVED = {"<pad>", "<s>", "</s>"}


class WordTokenizer:
    """Sentences to word ids and back. Ids 0 to 3 are `<pad> <unk> <s> </s>`; sentence ids end with `</s>`."""

    def __init__(self, fast: PreTrainedTokenizerFast) -> None:
        self.fast = fast
        self._ids: dict[str, int] = fast.get_vocab()
        if [self._ids.get(word) for word in SPECIAL_WORDS] != [PAD, UNKNOWN, START, END]:
            raise UserError(f"The tokenizer's first words must be {' '.join(SPECIAL_WORDS)}, in this order.")
        self._words = sorted(self._ids, key=self._ids.__getitem__)
        if [self._ids[word] for word in self._words] != list(range(len(self._words))):
            raise UserError("The tokenizer's word ids must be 0, 1, 2 … without a gap.")

    @classmethod
    def train(cls, sentences: Iterable[str], max_words: int = 20_000, min_count: int = 2) -> WordTokenizer:
        """Make a vocabulary of the most frequent words. Text is lower-cased for good if `sentences` holds no capital letter.

        Args:
            sentences: words with spaces between them.
            max_words: size of the vocabulary, special words included.
            min_count: a word seen less often becomes `<unk>`, so that the model learns what `<unk>` looks like.

        Returns:
            A tokenizer with that vocabulary.
        """
        counts: Counter[str] = Counter()
        for sentence in sentences:
            counts.update(sentence.split())
        for word in SPECIAL_WORDS:
            counts.pop(word, None)
        # Ties are broken by the word itself: the same text in any order gives the same vocabulary.
        ranked = sorted((w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
        words = [*SPECIAL_WORDS, *ranked[: max(0, max_words - len(SPECIAL_WORDS))]]
        tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
        if all(word == word.lower() for word in counts):
            tokenizer.normalizer = normalizers.Lowercase()  # pyright: ignore[reportAttributeAccessIssue]
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
        return cls(_wrap(tokenizer_object=tokenizer))

    def __len__(self) -> int:
        return len(self._words)

    def words(self, text: str) -> list[str]:
        """Split free text into words as the corpus has them."""
        return split_words(self._normalize(text), is_word=self._ids.__contains__)

    def is_known(self, word: str) -> bool:
        """Whether the vocabulary has `word`; the special words count as unknown."""
        return word in self._ids and word not in SPECIAL_WORDS

    def encode(self, sentence: str, max_words: int) -> list[int]:
        """Word ids of a tokenized sentence, with `</s>` at the end, cut at `max_words` words.

        Special words in the text are text: only `<unk>` keeps its meaning, the others become `<unk>`.
        """
        words = self._normalize(sentence).split()[:max_words]
        return [self._id(word) for word in words] + [END]

    def encode_all(self, sentences: Iterable[str], max_words: int) -> list[list[int]]:
        """`encode` for each sentence."""
        return [self.encode(sentence, max_words) for sentence in sentences]

    def encode_text(self, text: str, max_words: int) -> list[int]:
        """As `encode`, for what a person typed."""
        return [self._id(word) for word in self.words(text)[:max_words]] + [END]

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence up to the first `</s>`; `<unk>` stays, padding and `<s>` are left out."""
        words = []
        for i in ids:
            if i == END:
                break
            if i not in (PAD, START):
                words.append(self._words[i])
        return " ".join(words)

    @property
    def sha256(self) -> str:
        """Identifies the words and their order."""
        return hashlib.sha256("\n".join(self._words).encode("utf-8", "replace")).hexdigest()

    def save(self, folder: Path) -> None:
        """Write tokenizer.json."""
        # The library's own `save` takes no path that is not UTF-8, and leaves half a file when it is killed.
        write_bytes(folder / "tokenizer.json", self.fast.backend_tokenizer.to_str(pretty=False).encode())

    @classmethod
    def load(cls, path: Path, size: int | None = None) -> WordTokenizer:
        """Read a tokenizer.json, of `size` words if that is known. Raises UserError if it is missing or is not one."""
        content = read_json(path, MOST_BYTES)
        # Other kinds would be run by the library as they are, and some of them crash it.
        kinds = [_type(content.get(part)) for part in ("model", "normalizer", "pre_tokenizer")]
        if kinds not in (["WordLevel", None, "WhitespaceSplit"], ["WordLevel", "Lowercase", "WhitespaceSplit"]):
            raise UserError(f"{path} is not a word-level tokenizer of this project.")
        # Counted before the library reads the words, which may take it minutes.
        words, added = content["model"].get("vocab"), content.get("added_tokens") or []
        if not isinstance(added, list) or len(added) > len(SPECIAL_WORDS):
            raise UserError(f"{path} adds words to its vocabulary, which no tokenizer of this project does.")
        if size is not None and isinstance(words, dict) and len(words) != size:
            raise UserError(
                f"{path} has {len(words):,} words where config.json says {size:,}; the two files are not of one checkpoint."
            )
        try:
            return cls(_wrap(tokenizer_object=Tokenizer.from_str(json.dumps(content))))
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        except Exception as error:  # the Rust side raises plain Exception
            raise UserError(f"{path} is not a tokenizer file ({error}).") from None

    def _normalize(self, text: str) -> str:
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
        normalizer = self.fast.backend_tokenizer.normalizer
        return normalizer.normalize_str(text) if normalizer else text

    def _id(self, word: str) -> int:
        return UNKNOWN if word in _RESERVED else self._ids.get(word, UNKNOWN)


def _type(part: object) -> object:
    return part.get("type") if isinstance(part, dict) else part


def _wrap(**kwargs: object) -> PreTrainedTokenizerFast:
    pad, unknown, start, end = SPECIAL_WORDS
    return PreTrainedTokenizerFast(pad_token=pad, unk_token=unknown, bos_token=start, eos_token=end, **kwargs)
