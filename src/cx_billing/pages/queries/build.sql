select
    as_of,
    version,
    rules_hash,
    inputs_hash,
    built_at
from marts.build
