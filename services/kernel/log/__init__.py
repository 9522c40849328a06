"""The log's data as anybody may check it: tree, tiles, notes, cosignatures, the witnesses' policy. Pure."""
