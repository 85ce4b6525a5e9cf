-- A figure can be compared only where the datasets were delivered that ours would be
-- computed from: those of its kind of product, and `users` where somebody is named by an
-- address or a name that no row of it has.
with

figures as (

    select * from {{ ref('int_report_figures') }}

),

products as (

    {{ products_by_organization('figures') }}

),

needed as (

    select
        figures.org_id,
        figures.report_line_id,
        datasets.dataset
    from figures
    left join products
        on
            figures.org_id = products.org_id
            and split_part(figures.item, ' / ', 1) = products.product_code
    inner join {{ ref('measuring_datasets') }} as datasets
        on
            datasets.kind = case figures.report
                when 'concurrent_usage' then 'license'
                when 'user_hours' then 'user_hours'
                else products.kind
            end
    union all
    select
        org_id,
        report_line_id,
        'users' as dataset
    from figures
    where is_unknown_name

),

{% set measured_by = [
    'license_assignments', 'user_presence', 'message_interactions', 'resource_usage',
    'voice_usage', 'phone_numbers', 'devices'
] %}
delivered as (

    {% for dataset in measured_by %}
        select distinct
            org_id,
            '{{ dataset }}' as dataset
        from {{ ref('stg_' ~ dataset) }}
        where row_status = 'accepted'
        union all
    {% endfor %}
    -- Ids that are addresses themselves need no list of addresses.
    select distinct
        org_id,
        'users' as dataset
    from {{ ref('stg_license_assignments') }}
    where row_status = 'accepted' and user_id like '%@%'
    union
    select distinct
        org_id,
        'users' as dataset
    from {{ ref('stg_users') }}
    where row_status = 'accepted' and email is not null

)

select
    needed.report_line_id,
    string_agg(distinct needed.dataset, ', ' order by needed.dataset) as missing_datasets,
    bool_or(needed.dataset = 'users') as is_about_unknown_people
from needed
anti join delivered
    on
        needed.org_id = delivered.org_id
        and needed.dataset = delivered.dataset
group by needed.report_line_id
