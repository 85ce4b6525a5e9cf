with

computed as (

    select * from {{ ref('int_invoice_lines') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

ledger as (

    select * from {{ ref('int_sealed_lines') }}

),

sealed_lines as (

    select * from ledger
    where entry = 'sealed'

),

sealed_invoices as (

    select distinct
        org_id,
        invoice_date
    from sealed_lines

),

-- A reopening is done with once an invoice that restates the reopened one was sealed.
reopened as (

    select
        reopenings.org_id,
        reopenings.invoice_date
    from ledger as reopenings
    anti join sealed_lines
        on
            reopenings.org_id = sealed_lines.org_id
            and reopenings.invoice_date = sealed_lines.corrected_invoice_date
            and reopenings.sequence < sealed_lines.sequence
    where reopenings.entry = 'reopened'
    group by reopenings.org_id, reopenings.invoice_date

),

-- What is on record for a line: as it was sealed, and as later sealed invoices restate it.
-- A line that got another price was taken back and charged anew.
on_record as (

    select
        org_id,
        coalesce(corrected_invoice_date, invoice_date) as corrected_invoice_date,
        coalesce(corrected_line_id, invoice_line_id) as corrected_line_id,
        currency,
        unit_price,
        is_waived,
        sum(quantity)::decimal(38, 6) as quantity,
        sum(amount)::decimal(28, 4) as amount,
        arg_min(section, sequence) as section,
        arg_min(product_code, sequence) as product_code,
        arg_min(description, sequence) as description,
        arg_min(unit_of_measure, sequence) as unit_of_measure,
        arg_min(service_period_start, sequence) as service_period_start,
        arg_min(service_period_end, sequence) as service_period_end
    from sealed_lines
    group by
        org_id,
        coalesce(corrected_invoice_date, invoice_date),
        coalesce(corrected_line_id, invoice_line_id),
        currency,
        unit_price,
        is_waived

),

restated as (

    select
        computed.*,
        computed.invoice_date as corrected_invoice_date,
        computed.invoice_line_id as corrected_line_id
    from computed
    semi join sealed_invoices
        on
            computed.org_id = sealed_invoices.org_id
            and computed.invoice_date = sealed_invoices.invoice_date

),

compared as (

    select
        {% for column in [
            'org_id', 'corrected_invoice_date', 'corrected_line_id', 'currency',
            'unit_price', 'section', 'product_code', 'description', 'unit_of_measure',
            'service_period_start', 'service_period_end',
        ] %}
            coalesce(restated.{{ column }}, on_record.{{ column }}) as {{ column }},
        {% endfor %}
        coalesce(restated.quantity, 0)::decimal(38, 6) as quantity,
        coalesce(restated.amount, 0)::decimal(28, 4) as amount,
        coalesce(on_record.quantity, 0)::decimal(38, 6) as recorded_quantity,
        coalesce(on_record.amount, 0)::decimal(28, 4) as recorded_amount,
        restated.org_id is not null and on_record.org_id is not null as is_on_both
    from restated
    full outer join on_record
        on
            restated.org_id = on_record.org_id
            and restated.corrected_line_id = on_record.corrected_line_id
            and restated.currency = on_record.currency
            and restated.unit_price is not distinct from on_record.unit_price
            and restated.is_waived = on_record.is_waived

),

-- One line says the difference of a line that is still charged at its price, if its amount
-- is that quantity at that price; else the line is taken back and charged anew. Of a
-- reopened invoice every line is.
differing as (

    select
        compared.*,
        compared.quantity - compared.recorded_quantity as quantity_difference,
        compared.amount - compared.recorded_amount as amount_difference,
        reopened.org_id is not null as is_reopened,
        compared.is_on_both
        and not is_reopened
        and coalesce(
            {{ round_money(
                'quantity_difference * compared.unit_price', 'currencies.minor_units'
            ) }} = amount_difference,
            false
        ) as is_one_line
    from compared
    left join currencies
        on compared.currency = currencies.currency
    left join reopened
        on
            compared.org_id = reopened.org_id
            and compared.corrected_invoice_date = reopened.invoice_date
    where is_reopened or amount_difference <> 0

),

steps as (

    {% for step, condition, quantity, amount in [
        ('difference', 'is_one_line', 'quantity_difference', 'amount_difference'),
        ('taken_back', 'not is_one_line', '-recorded_quantity', '-recorded_amount'),
        ('charged_anew', 'not is_one_line', 'quantity', 'amount'),
    ] %}
        select
            org_id,
            corrected_invoice_date,
            corrected_line_id,
            '{{ step }}' as step,
            section,
            product_code,
            description,
            service_period_start,
            service_period_end,
            {{ quantity }} as quantity,
            unit_of_measure,
            unit_price,
            {{ amount }} as amount,
            currency
        from differing
        where {{ condition }} and {{ amount }} <> 0
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

open_invoices as (

    select distinct
        cycles.org_id,
        cycles.cycle_end_date as invoice_date
    from {{ ref('int_cycles') }} as cycles
    anti join sealed_invoices
        on
            cycles.org_id = sealed_invoices.org_id
            and cycles.cycle_end_date = sealed_invoices.invoice_date

),

last_sealed as (

    select
        org_id,
        max(invoice_date) as invoice_date
    from sealed_invoices
    group by org_id

),

-- After the last invoice of a contract there is none that could take a correction: one of
-- corrections alone follows a month later.
next_open as (

    select
        sealed_invoices.org_id,
        sealed_invoices.invoice_date as corrected_invoice_date,
        coalesce(
            min(open_invoices.invoice_date),
            any_value(last_sealed.invoice_date + interval 1 month)::date
        ) as invoice_date
    from sealed_invoices
    inner join last_sealed
        on sealed_invoices.org_id = last_sealed.org_id
    left join open_invoices
        on
            sealed_invoices.org_id = open_invoices.org_id
            and sealed_invoices.invoice_date < open_invoices.invoice_date
    group by sealed_invoices.org_id, sealed_invoices.invoice_date

)

select
    steps.org_id || '-' || next_open.invoice_date || '/correction/'
    || steps.corrected_line_id || '/' || steps.step as invoice_line_id,
    steps.org_id,
    next_open.invoice_date,
    steps.section,
    steps.product_code,
    'Correction of invoice ' || steps.org_id || '-' || steps.corrected_invoice_date
    || ': ' || steps.description as description,
    'correction' as charge_type,
    steps.service_period_start,
    steps.service_period_end,
    steps.quantity::decimal(38, 6) as quantity,
    steps.unit_of_measure,
    steps.unit_price,
    steps.amount::decimal(28, 4) as amount,
    steps.currency,
    false as is_waived,
    null::varchar as waiver_reason,
    steps.corrected_line_id,
    steps.corrected_invoice_date
from steps
inner join next_open
    on
        steps.org_id = next_open.org_id
        and steps.corrected_invoice_date = next_open.corrected_invoice_date
