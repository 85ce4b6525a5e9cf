select * from {{ source('ledger', 'sealed_lines') }}
