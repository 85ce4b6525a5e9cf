with

cycles as (

    select * from {{ ref('int_cycles') }}
    where is_voice_closed

),

-- What the vendor bills of a cycle: on the invoice that answers ours of its end, unless
-- the line names an earlier cycle.
printed as (

    select
        vendor.*,
        cycles.cycle_start_date,
        if(vendor.other_currency is null, vendor.amount, null) as comparable_amount
    from {{ ref('int_printed_lines') }} as vendor
    inner join {{ ref('int_invoice_answers') }} as answers
        on
            vendor.org_id = answers.org_id
            and vendor.invoice_number = answers.invoice_number
    inner join cycles
        on
            vendor.org_id = cycles.org_id
            and (
                answers.expected_invoice_date = cycles.cycle_end_date
                or (
                    vendor.charge = 'earlier'
                    and answers.expected_invoice_date > cycles.cycle_end_date
                    and abs(vendor.service_period_start - cycles.cycle_start_date) <= 1
                    and abs(vendor.service_period_end - cycles.cycle_end_date) <= 1
                )
            )
    where vendor.charge not in ('prepay', 'given_back', 'again') and not vendor.is_tax
    qualify
        row_number() over (
            partition by vendor.vendor_line_id order by cycles.cycle_start_date
        ) = 1

),

billed as (

    select
        org_id,
        cycle_start_date,
        if(kind = 'number', left(product_code, 10), product_code) as product_code,
        if(kind = 'number', nullif(replace(substr(product_code, 12), '_', ''), ''), null)
            as number_type,
        coalesce(quantity, 1) as billed_quantity,
        comparable_amount as billed_amount,
        comparable_amount is null as is_in_other_currency
    from printed
    where kind in ('number', 'device') and amount >= 0

),

billed_products as (

    select distinct
        org_id,
        product_code
    from billed

),

invoiced as (

    select distinct
        org_id,
        cycle_start_date
    from printed

),

-- An order may be billed with another invoice (INV-06).
our_lines as (

    select
        our_lines.*,
        coalesce(orders.expected_invoice_date, our_lines.invoice_date) as answered_date
    from {{ ref('int_invoice_lines') }} as our_lines
    left join {{ ref('int_orders_billed_elsewhere') }} as orders
        on
            our_lines.org_id = orders.org_id
            and our_lines.invoice_date = orders.invoice_date
            and our_lines.product_code = orders.match_code
            and our_lines.charge_type = 'one_time'
            and not orders.is_rest

),

-- A device that was ordered is billed beside those in service.
held as (

    select
        charges.org_id,
        charges.cycle_start_date,
        left(charges.product_code, 10) as product_code,
        charges.number_type,
        charges.quantity as held_quantity,
        {{ line_amount('charges.quantity', 'charges.unit_price', 'cycles.minor_units') }}
            as expected_amount
    from {{ ref('int_charges_numbers') }} as charges
    inner join cycles
        on
            charges.org_id = cycles.org_id
            and charges.cycle_start_date = cycles.cycle_start_date
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        1::decimal(38, 6) as held_quantity
    from {{ ref('int_devices_in_service') }}
    union all by name
    select
        our_lines.org_id,
        cycles.cycle_start_date,
        our_lines.product_code,
        if(our_lines.section = 'devices', 0, our_lines.quantity) as held_quantity,
        our_lines.amount as expected_amount
    from our_lines
    inner join cycles
        on
            our_lines.org_id = cycles.org_id
            and our_lines.answered_date = cycles.cycle_end_date
    left join billed_products
        on
            our_lines.org_id = billed_products.org_id
            and our_lines.product_code = billed_products.product_code
    where
        our_lines.section = 'devices'
        or (
            our_lines.charge_type = 'one_time'
            and billed_products.product_code not like 'number\_%' escape '\'
        )

),

both_sides as (

    select * from billed
    union all by name
    select * from held

),

-- Types of numbers are told apart where the vendor does.
typed as (

    select
        *,
        if(
            bool_or(number_type is null and billed_quantity is not null) over (
                partition by org_id, cycle_start_date, product_code
            ),
            null,
            number_type
        ) as compared_type
    from both_sides

),

compared as (

    select
        org_id,
        cycle_start_date,
        product_code,
        compared_type as number_type,
        coalesce(sum(billed_quantity), 0) as billed_quantity,
        coalesce(sum(held_quantity), 0) as held_quantity,
        if(bool_or(is_in_other_currency), null, sum(billed_amount)) as billed_amount,
        sum(expected_amount) as expected_amount
    from typed
    group by org_id, cycle_start_date, product_code, compared_type

),

findings as (

    select
        compared.*,
        case
            when invoiced.org_id is null then 'no_vendor_invoice'
            when compared.billed_quantity = 0 and compared.expected_amount is null
                then 'held_without_price'
            when
                if(compared.billed_quantity = 0, 0, compared.billed_amount)
                = compared.expected_amount
                then 'billed_as_held'
            when compared.billed_quantity > compared.held_quantity then 'billed_not_held'
            -- All on one line of quantity 1 are billed, at whatever price.
            when
                compared.billed_quantity < compared.held_quantity
                and (
                    compared.billed_amount >= compared.expected_amount
                ) is not true
                then 'held_not_billed'
            else 'billed_as_held'
        end as finding,
        case
            -- In another currency no amount is compared.
            when compared.billed_quantity > 0 and compared.billed_amount is null then null
            when compared.billed_quantity = 0 and compared.expected_amount is null
                then null
            when invoiced.org_id is not null
                then
                    coalesce(compared.billed_amount, 0)
                    - coalesce(compared.expected_amount, 0)
        end as amount
    from compared
    left join invoiced
        on
            compared.org_id = invoiced.org_id
            and compared.cycle_start_date = invoiced.cycle_start_date
    -- A number that no call is of costs its price of the cycle.
    union all by name
    select
        numbers.org_id,
        numbers.cycle_start_date,
        'number_mrc' as product_code,
        numbers.number_type,
        1::decimal(38, 6) as held_quantity,
        numbers.finding,
        {{ round_money('charges.unit_price', 'cycles.minor_units') }} as amount,
        numbers.phone_number,
        numbers.purchased_date
    from {{ ref('int_number_use') }} as numbers
    inner join cycles
        on
            numbers.org_id = cycles.org_id
            and numbers.cycle_start_date = cycles.cycle_start_date
    inner join {{ ref('int_charges_numbers') }} as charges
        on
            numbers.org_id = charges.org_id
            and numbers.cycle_start_date = charges.cycle_start_date
            and numbers.number_type = charges.number_type
            and numbers.purchased_date = charges.purchased_date
            and numbers.days_held = charges.days_held
    where numbers.finding = 'never_used'
    -- Whether a device is used no data tells, nor of a number where calls are missing.
    union all by name
    select
        org_id,
        cycle_start_date,
        'number_mrc' as product_code,
        number_type,
        count(*)::decimal(38, 6) as held_quantity,
        finding
    from {{ ref('int_number_use') }}
    where finding = 'use_not_known'
    group by org_id, cycle_start_date, number_type, finding
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        count(*)::decimal(38, 6) as held_quantity,
        'use_not_known' as finding
    from {{ ref('int_devices_in_service') }}
    group by org_id, cycle_start_date, product_code

),

keyed as (

    select
        findings.*,
        cycles.currency,
        {{ keyed_hash('findings.phone_number', 'findings.org_id') }} as number_key
    from findings
    inner join cycles
        on
            findings.org_id = cycles.org_id
            and findings.cycle_start_date = cycles.cycle_start_date

)

select
    concat_ws(
        '/',
        org_id,
        cycle_start_date,
        product_code,
        coalesce(number_type, 'all'),
        finding,
        purchased_date,
        number_key
    ) as inventory_finding_id,
    org_id,
    cycle_start_date,
    product_code,
    number_type,
    finding,
    billed_quantity::decimal(38, 6) as billed_quantity,
    held_quantity::decimal(38, 6) as held_quantity,
    billed_amount::decimal(28, 4) as billed_amount,
    expected_amount::decimal(28, 4) as expected_amount,
    amount::decimal(28, 4) as amount,
    currency,
    if({{ shows_personal_data() }}, phone_number, {{ masked('phone_number') }})
        as phone_number,
    number_key,
    purchased_date
from keyed
