// Written by `make generated`; change persona_assets/base/slips.py instead.

export const ARGUMENTS = "Macro (\\w+)\\(\\) does not support the supplied arguments\\. You might need to add explicit type casts\\.\\nCandidate macros:\\n\\t(\\1\\([^\\n]*\\))\\n?(?=\\n\\n|$)";
export const TAKES_OTHERS = "{0} takes other arguments: {1}";
export const IS_A_MACRO = "{0} is a macro: give it its arguments, {1}";
