"""How the SAE in data/smollm2 was made: texts, residuals, training, figures (`make smollm2-sae`)."""
