//! German text, shared by all below: folding, tokens, sentences, cleaning of control and bidi characters.
