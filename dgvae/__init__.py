"""Text variational autoencoders whose latent space can be measured and seen."""
