"""The toy: a few points whose posteriors lie in a plane or on a circle, moved by the regularizers of every method.

Choices made, after the paper's program: mini-batches of 8, Adam 0.1 for everything, no warm-up, means that begin at 0 and
variances at 1, eight samples of each posterior. Other than there, mini-batches are drawn anew each epoch, and the weight of
AAE's and WAE's discrepancy is 1, the discriminator 32 units wide and its rate a tenth of the others'.
"""
