with

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

printed_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

-- An invoice of orders may be billed with the next monthly one (INV-06).
orders_answered as (

    select
        org_id,
        unnest(order_invoice_dates) as invoice_date,
        expected_invoice_date
    from answers

),

invoice_lines as (

    select
        invoice_lines.*,
        coalesce(orders_answered.expected_invoice_date, invoice_lines.invoice_date)
            as answered_date,
        sum(invoice_lines.amount) filter (
            where invoice_lines.product_code = 'telco_inbound'
        ) over (partition by invoice_lines.org_id, answered_date) as inbound_amount,
        sum(invoice_lines.amount) filter (
            where invoice_lines.product_code = 'telco_outbound'
        ) over (partition by invoice_lines.org_id, answered_date) as outbound_amount
    from {{ ref('invoice_lines') }} as invoice_lines
    left join orders_answered
        on
            invoice_lines.org_id = orders_answered.org_id
            and invoice_lines.invoice_date = orders_answered.invoice_date
    where invoice_lines.invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

printed as (

    select
        printed_lines.org_id,
        answers.expected_invoice_date,
        printed_lines.invoice_number,
        printed_lines.invoice_date as printed_date,
        coalesce(printed_lines.match_code, if(printed_lines.is_tax, 'tax', null))
            as group_product,
        printed_lines.is_tax,
        printed_lines.is_prepay,
        printed_lines.is_billed_again,
        printed_lines.amount
    from printed_lines
    inner join answers
        on
            printed_lines.org_id = answers.org_id
            and printed_lines.invoice_number = answers.invoice_number

),

-- How the vendor prints an invoice of ours: which calling services have no row of their own
-- but are in another, and which taxes have one (TELCO-02).
printed_as as (

    select
        org_id,
        expected_invoice_date,
        {% for service, folded in [
            ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
        ] %}
            sum(amount) filter (where group_product = 'telco_{{ service }}')
                as {{ service }}_amount,
            coalesce(
                bool_or(group_product = 'telco_{{ service }}')
                and not bool_or(group_product = 'telco_{{ folded }}'), false
            ) as is_{{ folded }}_folded,
        {% endfor %}
        coalesce(list(distinct group_product) filter (where is_tax), [])
            as tax_products
    from printed
    group by org_id, expected_invoice_date

),

-- All taxes are one sum if the vendor prints one that names no level, and not all levels
-- by name.
grouped as (

    select
        invoice_lines.*,
        products.kind,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        case
            when
                products.kind = 'tax'
                and list_contains(printed_as.tax_products, 'tax')
                and bool_or(
                    products.kind = 'tax'
                    and not list_contains(printed_as.tax_products, products.match_code)
                ) over (partition by invoice_lines.org_id, invoice_lines.answered_date)
                then 'tax'
            {% for service, folded in [
                ('inbound', 'toll_free'), ('outbound', 'extended_outbound')
            ] %}
                when
                    invoice_lines.product_code = 'telco_{{ folded }}'
                    and printed_as.is_{{ folded }}_folded
                    and coalesce(
                        printed_as.{{ service }}_amount
                        <> invoice_lines.{{ service }}_amount,
                        true
                    )
                    then 'telco_{{ service }}'
            {% endfor %}
            else coalesce(products.match_code, invoice_lines.product_code)
        end as group_product
    from invoice_lines
    inner join printed_as
        on
            invoice_lines.org_id = printed_as.org_id
            and invoice_lines.answered_date = printed_as.expected_invoice_date
    left join products
        on
            invoice_lines.org_id = products.org_id
            and invoice_lines.product_code = products.product_code

),

ours as (

    select
        *,
        count(*) over (partition by org_id, answered_date, group_product) > 1
            as is_one_of_several
    from grouped

),

-- What each number of the vendor has that answers an invoice of ours.
numbers as (

    select
        org_id,
        expected_invoice_date,
        invoice_number,
        min(printed_date) as printed_date,
        list(distinct group_product) filter (where amount >= 0) as products,
        list(distinct group_product) filter (where amount < 0) as credited_products,
        list(amount) filter (where group_product is null) as unknown_amounts,
        -- Not of an invoice that is issued anew.
        if(
            2 * count(*) filter (where is_billed_again) > count(*), null,
            list(distinct group_product || '/' || amount::decimal(28, 4))
        ) as product_amounts,
        list(distinct group_product) filter (where is_prepay and amount >= 0)
            as prepaid_products,
        list(distinct group_product) filter (where not is_prepay and amount >= 0)
            as arrears_products,
        bool_or(not is_prepay and not is_tax) as has_arrears
    from printed
    group by org_id, expected_invoice_date, invoice_number

)

-- Several numbers may answer one invoice of ours: a line of ours belongs to the one that
-- has its product, prepaid or in arrears (what is given back to the one that credits it),
-- or a line of no product we know that equals it, else to the earliest.
select
    ours.invoice_line_id,
    ours.invoice_id,
    ours.org_id,
    numbers.invoice_number,
    ours.invoice_date,
    ours.group_product,
    case
        when ours.charge_type = 'prepay' and ours.amount < 0 then 'given_back'
        when ours.charge_type in ('prepay', 'committed') then ours.charge_type
        else 'arrears'
    end as charge,
    ours.product_code,
    ours.charge_type,
    ours.kind,
    coalesce(ours.kind = 'tax', false) as is_tax,
    ours.description,
    ours.service_period_start,
    ours.service_period_end,
    ours.quantity,
    ours.unit_price,
    ours.amount,
    ours.currency,
    ours.is_waived
from ours
inner join numbers
    on
        ours.org_id = numbers.org_id
        and ours.answered_date = numbers.expected_invoice_date
qualify
    row_number() over (
        partition by ours.invoice_line_id
        order by
            ours.is_prepay
            and ours.amount >= 0
            and coalesce(
                list_contains(numbers.prepaid_products, ours.group_product), false
            ) desc,
            ours.is_one_of_several
            and coalesce(
                list_contains(
                    numbers.product_amounts,
                    ours.group_product || '/' || ours.amount::decimal(28, 4)
                ),
                false
            ) desc,
            not ours.is_prepay
            and ours.amount >= 0
            and coalesce(
                list_contains(numbers.arrears_products, ours.group_product), false
            ) desc,
            not ours.is_prepay and ours.kind is distinct from 'tax' and numbers.has_arrears
            desc,
            coalesce(
                list_contains(
                    if(ours.amount < 0, numbers.credited_products, numbers.products),
                    ours.group_product
                ),
                false
            ) desc,
            coalesce(list_contains(numbers.unknown_amounts, ours.amount), false) desc,
            numbers.printed_date asc,
            numbers.invoice_number asc
    ) = 1
