//! What calls cost: kept as records, added up, and looked at for what would make them cheaper.
