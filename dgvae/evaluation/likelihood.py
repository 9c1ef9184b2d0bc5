"""What a model makes of sentences: their likelihood under the prior and under their own posterior, and word by word."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dgvae.evaluation.figures import IMPORTANCE_DRAWS
from dgvae.model.text_vae import TextVAE
from dgvae.posteriors import Posterior
from dgvae.text.tokenizer import START


@dataclass(frozen=True)
class Likelihoods:
    """Nats of every sentence, [B] each; None where the posterior has no density to weigh samples with.

    reconstruction: E_{q(z|x)} log p(x|z). prior_ll: log E_{p(z)} p(x|z). post_ll: log E_{q(z|x)} p(x|z).
    """

    reconstruction: Tensor
    prior_ll: Tensor | None
    post_ll: Tensor | None


@torch.inference_mode()
def likelihoods(model: TextVAE, sentences: Tensor, posterior: Posterior, draws: int = IMPORTANCE_DRAWS) -> Likelihoods:
    """Importance sampling with `draws` samples of q(z|x) and as many of p(z), which together are samples of ½(p + q).

    Weights p / ½(p + q) and q / ½(p + q) are at most 2, so that no sample outweighs the others. The log of a mean of few
    samples is too low rather than too high.

    Args:
        model: decodes the samples.
        sentences: [B, T] word ids ending with `</s>`, no padding.
        posterior: q(z|x) of each.
        draws: samples of each of the two distributions.

    Returns:
        Three figures of each sentence, [B] in nats; two of them None if the posterior has no density.
    """
    own = torch.stack([posterior.rsample() for _ in range(draws)])  # [draws, B, D]
    if not posterior.has_density:
        return Likelihoods(_log_likelihood(model, sentences, own).mean(0), None, None)
    others = model.prior.from_normal(torch.randn_like(own))
    z = torch.cat([own, others])
    log_x = _log_likelihood(model, sentences, z)  # [2 draws, B]
    log_p, log_q = model.prior.log_prob(z), posterior.log_prob(z)
    log_mixture = torch.logaddexp(log_p, log_q) - math.log(2)
    return Likelihoods(
        reconstruction=log_x[:draws].mean(0),
        prior_ll=(log_x + log_p - log_mixture).logsumexp(0) - math.log(2 * draws),
        post_ll=(log_x + log_q - log_mixture).logsumexp(0) - math.log(2 * draws),
    )


def _log_likelihood(model: TextVAE, sentences: Tensor, z: Tensor) -> Tensor:
    """log p(x|z) of every sentence at each of its latents. z: [S, B, D] -> [S, B]."""
    repeated = sentences.expand(len(z), -1, -1).flatten(0, 1)
    _, nll = model.decoder.negative_log_likelihood(repeated, z.flatten(0, 1))
    return -nll.view(z.shape[:2])


@torch.inference_mode()
def likeliest_words(model: TextVAE, sentences: Tensor, z: Tensor) -> Tensor:
    """How many words of each sentence, with `</s>`, are the likeliest after the true ones before.

    Args:
        model: decodes the latents.
        sentences: [B, T] word ids ending with `</s>`, no padding.
        z: [B, D], a latent of each.

    Returns:
        [B] counts.
    """
    start = torch.full_like(sentences[:, :1], START)
    hidden, _ = model.decoder.hidden(torch.cat([start, sentences[:, :-1]], dim=1), z, model.decoder.initial_state(z))
    found = torch.cat([model.decoder.output(part).argmax(-1) for part in hidden.split(64)])
    return (found == sentences).sum(1)
