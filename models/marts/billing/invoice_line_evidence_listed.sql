with

currencies as (

    select * from {{ ref('currencies') }}

),

charges as (

    select * from {{ ref('int_invoice_charges') }}
    union all by name
    select * from {{ ref('int_minimum_charges') }}
    where amount > 0

),

lines as (

    select
        charges.*,
        {{ invoice_line_id('charges') }} as invoice_line_id,
        currencies.minor_units,
        charges.minimum_amount is not null as is_minimum
    from charges
    inner join currencies
        on charges.currency = currencies.currency

),

taxes as (

    select
        invoice_lines.*,
        currencies.minor_units
    from {{ ref('int_invoice_lines') }} as invoice_lines
    inner join currencies
        on invoice_lines.currency = currencies.currency
    where invoice_lines.charge_type = 'tax'

),

-- A commitment is charged whatever is used; what is given back was charged by an earlier
-- line (INV-05).
of_contract_items as (

    select
        lines.*,
        if(charged.org_id is null, 'contract_item', 'line') as kind,
        coalesce(charged.invoice_line_id, contract_items.contract_item) as evidence_key,
        1 as weight
    from lines
    left join lines as charged
        on
            lines.org_id = charged.org_id
            and lines.contract_id = charged.contract_id
            and lines.product_code = charged.product_code
            and lines.detail = 'given back, charged ' || charged.invoice_date
            and charged.charge_type = 'prepay'
            and charged.detail is null
    left join {{ ref('int_contract_items') }} as contract_items
        on
            lines.org_id = contract_items.org_id
            and lines.product_code = contract_items.product_code
            and contract_items.cycle_start_date = case lines.charge_type
                when 'prepay' then lines.invoice_date
                else lines.service_period_start
            end
    where lines.charge_type in ('prepay', 'committed') and not lines.is_minimum

),

of_usage as (

    select
        lines.*,
        usage_evidence.kind,
        usage_evidence.evidence_key,
        usage_evidence.quantity as evidence_quantity,
        usage_evidence.weight,
        usage_evidence.started_at,
        usage_evidence.ended_at
    from lines
    inner join {{ ref('int_usage_evidence') }} as usage_evidence
        on
            lines.org_id = usage_evidence.org_id
            and lines.service_period_start = usage_evidence.cycle_start_date
            and lines.product_code = usage_evidence.product_code
            and lines.detail is not distinct from usage_evidence.detail
    where lines.charge_type not in ('prepay', 'committed')

),

-- Calls have a price of their own: their line is what they cost, rounded once (VOICE-05).
of_calls as (

    select
        lines.*,
        'rounding' as kind,
        'amount' as evidence_key,
        0 as evidence_quantity,
        lines.amount - telco.unrounded_amount as own_amount
    from lines
    inner join {{ ref('int_charges_telco') }} as telco
        on
            lines.org_id = telco.org_id
            and lines.service_period_start = telco.cycle_start_date
            and lines.product_code = telco.product_code
    where lines.amount <> telco.unrounded_amount

),

of_numbers as (

    select
        lines.*,
        'number' as kind,
        unnest(numbers.phone_numbers) as phone_number,
        {{ keyed_hash('phone_number', 'lines.org_id') }} as evidence_key,
        1 as evidence_quantity,
        1 as weight
    from lines
    inner join {{ ref('int_charges_numbers') }} as numbers
        on
            lines.org_id = numbers.org_id
            and lines.service_period_start = numbers.cycle_start_date
            and lines.product_code = numbers.product_code
            and lines.charge_type = numbers.charge_type
            and lines.detail = numbers.detail

),

of_orders as (

    select
        *,
        'order' as kind,
        substr(detail, length('order ') + 1) as evidence_key,
        1 as weight
    from lines
    where charge_type = 'one_time' and starts_with(detail, 'order ')

),

-- The minimum, less each line that counts toward it (INV-09).
of_minimum as (

    select
        *,
        'contract' as kind,
        contract_id as evidence_key,
        minimum_amount as own_amount
    from lines
    where is_minimum
    union all by name
    select
        *,
        'line' as kind,
        unnest(counted_lines) as counted_line,
        counted_line['invoice_line_id'] as evidence_key,
        0 as evidence_quantity,
        -counted_line['amount'] as own_amount
    from lines
    where is_minimum

),

of_taxes as (

    select
        taxes.org_id,
        taxes.invoice_line_id,
        taxes.amount,
        taxes.minor_units,
        'line' as kind,
        lines.invoice_line_id as evidence_key,
        lines.amount as evidence_quantity,
        lines.amount as weight
    from taxes
    inner join lines
        on
            taxes.org_id = lines.org_id
            and taxes.invoice_date = lines.invoice_date
    inner join {{ ref('int_contracts') }} as contracts
        on
            lines.org_id = contracts.org_id
            and lines.contract_id = contracts.contract_id
            and ends_with(taxes.invoice_line_id, '/' || contracts.tax_jurisdiction)
    where lines.amount <> 0

),

evidence as (

    {% for rests_on in [
        'contract_items', 'usage', 'calls', 'numbers', 'orders', 'minimum', 'taxes'
    ] %}
        {% if not loop.first %}union all by name{% endif %}
        select * from of_{{ rests_on }}
    {% endfor %}

),

weighed as (

    select
        * exclude (weight),
        amount as line_amount,
        weight::decimal(38, 6) as weight
    from evidence

),

shared as (

    {{ largest_remainder('weighed') }}

)

select
    invoice_line_id,
    org_id,
    kind,
    if(
        kind in ('user', 'user_hours', 'peak_user', 'account_user'),
        {{ masked_id('evidence_key') }},
        evidence_key
    ) as evidence_key,
    coalesce(evidence_quantity, quantity)::decimal(38, 6) as quantity,
    coalesce(share, own_amount, 0)::decimal(38, 10) as amount,
    started_at,
    ended_at
from shared
