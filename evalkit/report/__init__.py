"""From an evaluation to what people read: sentences, figures, tables, pages; nothing is computed here."""
