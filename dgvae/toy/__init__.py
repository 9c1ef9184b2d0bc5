"""The toy: a few points whose posteriors lie in a plane or on a circle, moved by the regularizers of every method.

Choices made, after the paper's program (toy_experiment.ipynb): 128 points, a classifier with eight sigmoids, mini-batches of 8,
500 steps of Adam 0.1, weights of 1, no warm-up, means that begin at 0 and variances at 1, eight samples of each posterior.
Other than there, mini-batches are drawn anew each epoch, the classifier reads all eight samples and not one, gradients are
clipped as in all training here, MMD has the kernels of WAE's authors' and not one alone, and AAE's discriminator has two
layers of 32 and a tenth of the rate.
"""
