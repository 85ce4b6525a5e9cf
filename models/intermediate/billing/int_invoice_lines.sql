with

build as (

    select * from {{ ref('int_as_of') }}

),

untaxed_lines as (

    select * from {{ ref('int_invoice_charges') }}
    union all by name
    select * from {{ ref('int_minimum_charges') }}
    where amount > 0

),

contracts as (

    select * from {{ ref('int_contracts') }}
    where tax_jurisdiction is not null

),

tax_rates as (

    select * from {{ ref('tax_rates') }}

),

products as (

    select * from {{ ref('products') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

taxable as (

    select
        untaxed_lines.org_id,
        max_by(untaxed_lines.contract_id, contracts.effective_date) as contract_id,
        untaxed_lines.invoice_date,
        contracts.tax_jurisdiction,
        untaxed_lines.currency,
        min(untaxed_lines.service_period_start) as service_period_start,
        max(untaxed_lines.service_period_end) as service_period_end,
        sum(untaxed_lines.amount) as taxable_amount
    from untaxed_lines
    inner join contracts
        on
            untaxed_lines.org_id = contracts.org_id
            and untaxed_lines.contract_id = contracts.contract_id
    group by
        untaxed_lines.org_id,
        untaxed_lines.invoice_date,
        contracts.tax_jurisdiction,
        untaxed_lines.currency

),

-- One line per level of the jurisdiction, at the rate of the invoice's date (TAX-01).
taxes as (

    select
        taxable.org_id,
        taxable.contract_id,
        taxable.invoice_date,
        'taxes_and_fees' as section,
        tax_rates.product_code,
        products.invoice_name || ' (' || taxable.tax_jurisdiction || ')' as description,
        'tax' as charge_type,
        taxable.service_period_start,
        taxable.service_period_end,
        taxable.taxable_amount::decimal(38, 6) as quantity,
        products.unit_of_measure,
        tax_rates.rate as unit_price,
        {{ round_money(
            'taxable.taxable_amount * tax_rates.rate', 'currencies.minor_units'
        ) }} as amount,
        taxable.currency,
        false as is_waived,
        null as waiver_reason,
        taxable.tax_jurisdiction as detail
    from taxable
    inner join tax_rates
        on
            taxable.tax_jurisdiction = tax_rates.tax_jurisdiction
            and taxable.invoice_date >= tax_rates.valid_from
            and taxable.invoice_date < tax_rates.valid_to
    inner join products
        on tax_rates.product_code = products.product_code
    inner join currencies
        on taxable.currency = currencies.currency
    where taxable.taxable_amount <> 0

),

lines as (

    select * from untaxed_lines
    union all by name
    select * from taxes

)

select
    {{ invoice_line_id('lines') }} as invoice_line_id,
    lines.org_id || '-' || lines.invoice_date as invoice_id,
    lines.org_id,
    lines.invoice_date,
    lines.section,
    lines.product_code,
    {{ masked_words('lines.description') }} as description,
    lines.charge_type,
    lines.service_period_start,
    lines.service_period_end,
    lines.quantity,
    lines.unit_of_measure,
    lines.unit_price,
    lines.amount,
    lines.currency,
    lines.is_waived,
    lines.waiver_reason,
    -- Final once the voice cycle of the invoice, which ends at 07:00 on its date, is over.
    case
        when build.as_of_date > lines.invoice_date then 'final' else 'accruing'
    end as invoice_status
from lines
cross join build
