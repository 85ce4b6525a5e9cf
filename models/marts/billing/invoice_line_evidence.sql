{# Without the catalog: the view is read whatever the file is called or attached as. #}
{% set listed = ref('invoice_line_evidence_listed').include(database=false) %}
{% set invoice_lines = ref('invoice_lines').include(database=false) %}
{% set calls = ref('calls').include(database=false) %}
{% set conversations = ref('conversations').include(database=false) %}
{% set currencies = ref('currencies').include(database=false) %}

with

lines as (

    select
        invoice_lines.invoice_line_id,
        invoice_lines.org_id,
        invoice_lines.service_period_start,
        invoice_lines.product_code,
        invoice_lines.charge_type,
        invoice_lines.recomputed_amount as line_amount,
        currencies.minor_units
    from {{ invoice_lines }} as invoice_lines
    inner join {{ currencies }} as currencies
        on invoice_lines.currency = currencies.currency
    where
        invoice_lines.charge_type in ('usage', 'surcharge')
        and invoice_lines.recomputed_quantity <> 0

),

telco_calls as (

    select
        lines.invoice_line_id,
        lines.org_id,
        'call' as kind,
        calls.call_id as evidence_key,
        (calls.rated_seconds // 6) * 0.1 as quantity,
        calls.reported_cost as amount,
        calls.started_at
    from {{ calls }} as calls
    inner join lines
        on
            calls.org_id = lines.org_id
            and calls.cycle_start_date = lines.service_period_start
            and 'telco_' || calls.service = lines.product_code
            and lines.charge_type = 'usage'

),

surcharged_calls as (

    select
        lines.*,
        'call' as kind,
        calls.call_id as evidence_key,
        calls.started_at
    from {{ calls }} as calls
    inner join lines
        on
            calls.org_id = lines.org_id
            and calls.cycle_start_date = lines.service_period_start
            and lines.charge_type = 'surcharge'
    where calls.is_short and calls.direction = 'outbound' and calls.service <> 'byoc'

),

billed_conversations as (

    select
        lines.*,
        'conversation' as kind,
        conversations.conversation_key as evidence_key,
        conversations.first_interaction_at as started_at
    from {{ conversations }} as conversations
    inner join lines
        on
            conversations.org_id = lines.org_id
            and conversations.cycle_start_date = lines.service_period_start
            and 'conversation_' || conversations.platform = lines.product_code
            and lines.charge_type = 'usage'

),

-- What is listed is what today's data says; of a sealed invoice a line may be gone from it,
-- or new in it, which is a correction.
listed as (

    select listed.*
    from {{ listed }} as listed
    semi join {{ invoice_lines }} as invoice_lines
        on listed.invoice_line_id = invoice_lines.invoice_line_id

),

sealed as (

    select
        invoice_line_id,
        org_id,
        'correction' as kind,
        corrected_line_id as evidence_key,
        quantity,
        amount
    from {{ invoice_lines }}
    where charge_type = 'correction'
    union all
    select
        invoice_line_id,
        org_id,
        'changed_since_sealed' as kind,
        'difference' as evidence_key,
        quantity - recomputed_quantity as quantity,
        amount - recomputed_amount as amount
    from {{ invoice_lines }}
    where quantity <> recomputed_quantity or amount <> recomputed_amount

),

evidence as (

    select * from listed
    union all by name
    select
        * replace (
            quantity::decimal(38, 6) as quantity,
            amount::decimal(38, 10) as amount
        )
    from sealed
    union all by name
    select
        invoice_line_id,
        org_id,
        kind,
        evidence_key,
        quantity::decimal(38, 6) as quantity,
        amount::decimal(38, 10) as amount,
        started_at
    from telco_calls
    {% for counted in ['surcharged_calls', 'billed_conversations'] %}
        union all by name
        select
            invoice_line_id,
            org_id,
            kind,
            evidence_key,
            1::decimal(38, 6) as quantity,
            share as amount,
            started_at
        from ({{ equal_parts(counted) }})
    {% endfor %}

)

select
    invoice_line_id || '/' || kind || '/' || evidence_key as evidence_id,
    invoice_line_id,
    org_id,
    kind,
    evidence_key,
    quantity,
    amount,
    started_at,
    ended_at
from evidence
