// Written by `make generated`; change persona_assets/drift/confounds.py instead.

export const VERDICT_WORDS = {
  "LOW": "unproven",
  "MODERATE": "moderate",
  "HIGH": "high"
} as const;
