"""Other right answers to ps2, and the mistakes that classes make in it, each with a hint for whoever made it."""

import math

import numpy as np
import pandas as pd
import torch

from autograder.misconceptions import misconception, wheat

Tensor = torch.Tensor
Table = pd.DataFrame


# 1. missing_share


@wheat("missing_share")
def mean_of_booleans(table: Table) -> dict[str, float]:
    return table.isnull().mean(axis=0).to_dict()


@wheat("missing_share")
def counted_entry_by_entry(table: Table) -> dict[str, float]:
    shares = {}
    for name in table:
        gaps = sum(1 for entry in table[name] if entry is None or entry != entry)
        shares[name] = gaps / len(table)
    return shares


@wheat("missing_share")
def what_is_not_there(table: Table) -> dict[str, float]:
    present = table.count()
    return {name: 1 - int(present[name]) / len(table) for name in table.columns}


@misconception(
    "missing_share",
    hint="You count the gaps. A share is the count divided by the number of rows: it lies between 0 and 1.",
)
def a_count(table: Table) -> dict[str, float]:
    return {name: float(gaps) for name, gaps in table.isna().sum().items()}


@misconception(
    "missing_share",
    hint="You give the share of entries that are there. The question asks for those that are missing.",
)
def the_share_that_is_there(table: Table) -> dict[str, float]:
    return table.notna().mean().to_dict()


@misconception(
    "missing_share",
    hint="Your shares are in per cent. The question asks for numbers from 0 to 1.",
)
def in_per_cent(table: Table) -> dict[str, float]:
    return (100 * table.isna().mean()).to_dict()


@misconception(
    "missing_share",
    hint="You take everything that Python counts as false for missing. Zero, False and an empty string are values: "
    "somebody entered them.",
)
def whatever_is_false(table: Table) -> dict[str, float]:
    return {name: sum(1 for entry in table[name] if entry != entry or not entry) / len(table) for name in table.columns}


@misconception(
    "missing_share",
    hint="You count empty strings as missing. In this table they are values like any other; only None and nan are "
    "gaps.",
)
def empty_strings_too(table: Table) -> dict[str, float]:
    return {name: float((table[name].isna() | (table[name] == "")).mean()) for name in table.columns}


@misconception(
    "missing_share",
    hint="You find no gap at all: nan is equal to nothing, itself included, so a comparison with it is False "
    "everywhere. pandas has a method that asks whether an entry is missing.",
)
def compared_with_nan(table: Table) -> dict[str, float]:
    return {name: float((table[name] == math.nan).mean()) for name in table.columns}


@misconception(
    "missing_share",
    hint="You left out the columns in which nothing is missing. They have a share as well, 0, and whoever reads the "
    "result should not have to guess it.",
)
def complete_columns_left_out(table: Table) -> dict[str, float]:
    shares = table.isna().mean()
    return shares[shares > 0].to_dict()


@misconception(
    "missing_share",
    hint="You look only at columns of numbers. Words and booleans can be missing, too, and every column of the table "
    "should be in the result.",
)
def only_columns_of_numbers(table: Table) -> dict[str, float]:
    return table.select_dtypes("number").isna().mean().to_dict()


# 2. to_numbers


@wheat("to_numbers")
def through_pandas(column: pd.Series, marks: list[str]) -> Tensor:
    stripped = column.str.strip()
    missing = stripped.isin(marks)
    if (stripped == "").any():
        raise ValueError("an empty entry")
    numbers = pd.to_numeric(stripped.mask(missing, "0"), errors="raise").astype("float64")
    return torch.tensor(numbers.mask(missing).to_numpy(), dtype=torch.float32)


@wheat("to_numbers")
def one_after_another(column: pd.Series, marks: list[str]) -> Tensor:
    numbers = torch.empty(len(column))
    for place, entry in enumerate(column.tolist()):
        text = entry.strip()
        if text in marks:
            numbers[place] = float("nan")
        else:
            numbers[place] = float(text)
    return numbers


@wheat("to_numbers")
def with_a_dictionary(column: pd.Series, marks: list[str]) -> Tensor:
    written = dict.fromkeys(marks, "nan")
    entries = [written.get(entry.strip(), entry.strip()) for entry in column]
    return torch.from_numpy(np.array([float(entry) for entry in entries], dtype=np.float32))


@misconception(
    "to_numbers",
    hint="You turn everything that is no number into nan. Then 12,5 and 1O0, which somebody should correct, vanish "
    "without a word. Only the marks stand for gaps; anything else is an error.",
)
def everything_else_is_missing(column: pd.Series, marks: list[str]) -> Tensor:
    stripped = column.str.strip()
    numbers = pd.to_numeric(stripped.mask(stripped.isin(marks)), errors="coerce")
    return torch.tensor(numbers.to_numpy(dtype="float32"))


@misconception(
    "to_numbers",
    hint="An empty entry is no error for you: `pd.to_numeric` makes nan of it even when it is told to raise. An "
    "empty string is neither a number nor a mark.",
)
def empty_entries_let_through(column: pd.Series, marks: list[str]) -> Tensor:
    stripped = column.str.strip()
    missing = stripped.isin(marks)
    numbers = pd.to_numeric(stripped.mask(missing, "0")).astype("float64")
    return torch.tensor(numbers.mask(missing).to_numpy(), dtype=torch.float32)


@misconception(
    "to_numbers",
    hint="You write 0 where something is missing. Zero is a measurement; nan says that there is none.",
)
def zero_for_a_gap(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor([0.0 if entry.strip() in marks else float(entry) for entry in column])


@misconception(
    "to_numbers",
    hint="You leave the missing entries out, and the rest moves up. The result has one entry for each of the "
    "column's, or the rows no longer belong together.",
)
def gaps_left_out(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor([float(entry) for entry in column if entry.strip() not in marks])


@misconception(
    "to_numbers",
    hint="The numbers are right, but they are float64, as pandas and NumPy make them. The result should be float32, "
    "which is what networks compute with.",
)
def in_double_precision(column: pd.Series, marks: list[str]) -> Tensor:
    entries = [math.nan if entry.strip() in marks else float(entry) for entry in column]
    return torch.tensor(entries, dtype=torch.float64)


@misconception(
    "to_numbers",
    hint="A mark with a space beside it is an error for you. Spaces before and after an entry do not count, also "
    "when the entry is a mark.",
)
def marks_with_spaces_refused(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor([math.nan if entry in marks else float(entry) for entry in column])


@misconception(
    "to_numbers",
    hint="A mark that looks like a number, such as -99, stays a number in your result: you look for marks only where "
    "reading a number fails. Ask first whether the entry is a mark.",
)
def numbers_before_marks(column: pd.Series, marks: list[str]) -> Tensor:
    numbers = []
    for entry in column:
        try:
            numbers.append(float(entry))
        except ValueError:
            if entry.strip() not in marks:
                raise
            numbers.append(math.nan)
    return torch.tensor(numbers)


@misconception(
    "to_numbers",
    hint="You find the marks in any case, so that na passes for NA. The question says that upper and lower case "
    "differ, so that a typing error is found.",
)
def in_upper_or_lower_case(column: pd.Series, marks: list[str]) -> Tensor:
    lowered = [mark.lower() for mark in marks]
    return torch.tensor([math.nan if entry.strip().lower() in lowered else float(entry) for entry in column])


@misconception(
    "to_numbers",
    hint="You know only the marks NA and ?. Which words stand for a gap differs from table to table, and is what "
    "`marks` tells you.",
)
def marks_by_heart(column: pd.Series, marks: list[str]) -> Tensor:
    return torch.tensor([math.nan if entry.strip() in ("NA", "?") else float(entry) for entry in column])


# 3. impute_means


@wheat("impute_means")
def column_by_column(train: Table, table: Table) -> Tensor:
    columns = []
    for name in train.columns:
        known = torch.tensor(train[name].to_numpy(dtype="float64"))
        column = torch.tensor(table[name].to_numpy(dtype="float64"))
        columns.append(torch.where(column.isnan(), known.nanmean(), column))
    return torch.stack(columns, dim=1).float()


@wheat("impute_means")
def in_numpy(train: Table, table: Table) -> Tensor:
    T, X = train.to_numpy(dtype=float), table.loc[:, train.columns].to_numpy(dtype=float)
    means = np.nansum(T, axis=0) / (~np.isnan(T)).sum(axis=0)
    return torch.tensor(np.where(np.isnan(X), means, X), dtype=torch.float32)


@wheat("impute_means")
def with_a_dict_of_means(train: Table, table: Table) -> Tensor:
    means = {name: train[name].dropna().mean() for name in train}
    filled = table.reindex(columns=train.columns).fillna(value=means)
    return torch.from_numpy(filled.astype("float32").to_numpy().copy())


@misconception(
    "impute_means",
    hint="You fill the gaps with the means of the table itself. These rows are not known when the model is trained: "
    "what they are filled with must come from the training rows alone.",
)
def means_of_the_table_itself(train: Table, table: Table) -> Tensor:
    filled = table[list(train.columns)]
    return torch.tensor(filled.fillna(filled.mean()).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="Your means are over the rows of both tables. That is leakage: something of the other rows reaches the "
    "training. Split first, then learn from the training rows alone.",
)
def means_of_both_tables(train: Table, table: Table) -> Tensor:
    means = pd.concat([train, table]).mean()
    return torch.tensor(table[list(train.columns)].fillna(means).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="You fill with 0. A person of height 0 is a stronger claim than one of average height; the question asks "
    "for the mean.",
)
def filled_with_zeros(train: Table, table: Table) -> Tensor:
    return torch.tensor(table[list(train.columns)].fillna(0).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="You fill with the median of the training column. It is often a good choice, but this question asks for the "
    "mean.",
)
def medians(train: Table, table: Table) -> Tensor:
    return torch.tensor(table[list(train.columns)].fillna(train.median()).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="Your means count missing entries as zeros: you divide the sum by the number of rows. Divide it by how many "
    "numbers are there.",
)
def gaps_counted_as_zeros(train: Table, table: Table) -> Tensor:
    means = train.sum() / len(train)
    return torch.tensor(table[list(train.columns)].fillna(means).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="You keep the column order of the second table. A model knows columns only by their place: they have to "
    "come in the order of the training table, or weight is multiplied by what height has learnt.",
)
def columns_in_the_order_of_the_table(train: Table, table: Table) -> Tensor:
    return torch.tensor(table.fillna(train.mean()).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="You match the two tables by position: a gap gets the mean of whichever column stands in its place. The "
    "order of the columns may differ; match them by name.",
)
def columns_matched_by_position(train: Table, table: Table) -> Tensor:
    means, X = train.mean().to_numpy(), table.to_numpy(dtype=float)
    return torch.tensor(np.where(np.isnan(X), means, X), dtype=torch.float32)


@misconception(
    "impute_means",
    hint="You fill every gap with one number, the mean of the whole training table. Heights and weights have nothing "
    "in common: one mean for each column.",
)
def one_mean_for_all_columns(train: Table, table: Table) -> Tensor:
    mean = float(np.nanmean(train.to_numpy(dtype=float)))
    return torch.tensor(table[list(train.columns)].fillna(mean).to_numpy(dtype="float32"))


@misconception(
    "impute_means",
    hint="You drop the rows with gaps. The question asks for every row, with its gaps filled: a model must be able "
    "to say something about each.",
)
def incomplete_rows_dropped(train: Table, table: Table) -> Tensor:
    return torch.tensor(table[list(train.columns)].dropna().to_numpy(dtype="float32"))


# 4. missing_indicators


@wheat("missing_indicators")
def all_then_chosen(train: Tensor, X: Tensor) -> Tensor:
    indicators = torch.isnan(X).to(torch.float32)
    columns = torch.isnan(train).sum(dim=0).nonzero().flatten()
    return indicators.index_select(1, columns)


@wheat("missing_indicators")
def a_column_at_a_time(train: Tensor, X: Tensor) -> Tensor:
    found = [(X[:, j] != X[:, j]).float() for j in range(X.shape[1]) if (train[:, j] != train[:, j]).any()]
    return torch.stack(found, dim=1) if found else torch.zeros(len(X), 0)


@wheat("missing_indicators")
def in_numpy_with_a_mask(train: Tensor, X: Tensor) -> Tensor:
    gaps, kept = np.isnan(X.numpy()), np.isnan(train.numpy()).any(axis=0)
    return torch.from_numpy(gaps[:, kept].astype("float32"))


@misconception(
    "missing_indicators",
    hint="You choose the columns by the gaps of `X`. The next table has gaps elsewhere, and a model that expects "
    "five columns gets four. The training table decides, once.",
)
def columns_chosen_by_the_other_table(train: Tensor, X: Tensor) -> Tensor:
    return X[:, X.isnan().any(dim=0)].isnan().float()


@misconception(
    "missing_indicators",
    hint="You choose every column with gaps in either table. That lets the other rows decide what the model looks "
    "like; only the training table may.",
)
def columns_chosen_by_both(train: Tensor, X: Tensor) -> Tensor:
    chosen = train.isnan().any(dim=0) | X.isnan().any(dim=0)
    return X[:, chosen].isnan().float()


@misconception(
    "missing_indicators",
    hint="You make an indicator for every column. Where the training table has no gaps, the column would be zeros "
    "during training, and nothing could be learnt from it.",
)
def an_indicator_for_every_column(train: Tensor, X: Tensor) -> Tensor:
    return X.isnan().float()


@misconception(
    "missing_indicators",
    hint="Your indicators are turned round: 1 where the number is there. The question asks for 1 where it is missing.",
)
def one_where_it_is_there(train: Tensor, X: Tensor) -> Tensor:
    return (~X[:, train.isnan().any(dim=0)].isnan()).float()


@misconception(
    "missing_indicators",
    hint="The pattern is right, but the entries are True and False. The model computes with float32 numbers.",
)
def left_as_booleans(train: Tensor, X: Tensor) -> Tensor:
    return X[:, train.isnan().any(dim=0)].isnan()


@misconception(
    "missing_indicators",
    hint="You treat infinities as missing. An infinity is a value, of a division by zero for example; ask for nan "
    "alone.",
)
def infinities_too(train: Tensor, X: Tensor) -> Tensor:
    return (~X[:, ~train.isfinite().all(dim=0)].isfinite()).float()


@misconception(
    "missing_indicators",
    hint="You make a single column that says whether anything is missing in the row. Which number is missing "
    "matters: one indicator for each column with gaps in the training table.",
)
def one_for_the_whole_row(train: Tensor, X: Tensor) -> Tensor:
    return X[:, train.isnan().any(dim=0)].isnan().any(dim=1, keepdim=True).float()


@misconception(
    "missing_indicators",
    hint="You choose the columns of the training table in which everything is missing. One gap is enough to get an "
    "indicator: `any`, not `all`.",
)
def only_where_all_is_missing(train: Tensor, X: Tensor) -> Tensor:
    return X[:, train.isnan().all(dim=0)].isnan().float()


# 5. one_hot


@wheat("one_hot")
def with_get_dummies(train: pd.Series, column: pd.Series) -> Tensor:
    dummies = pd.get_dummies(column).reindex(columns=sorted(set(train.dropna())), fill_value=False)
    dummies["missing"] = column.isna()
    return torch.tensor(dummies.to_numpy(dtype="float32"))


@wheat("one_hot")
def by_place(train: pd.Series, column: pd.Series) -> Tensor:
    places = {word: place for place, word in enumerate(sorted(set(train.dropna())))}
    encoded = torch.zeros(len(column), len(places) + 1)
    for row, word in enumerate(column):
        if pd.isna(word):
            encoded[row, -1] = 1
        elif word in places:
            encoded[row, places[word]] = 1
    return encoded


@wheat("one_hot")
def with_a_categorical(train: pd.Series, column: pd.Series) -> Tensor:
    categories = np.sort(train.dropna().unique().astype(object))
    codes = pd.Categorical(column.where(column.isin(categories)), categories=categories).codes
    rows = np.eye(len(categories) + 1, dtype=np.float32)[codes.astype(int)]  # the code -1 is the last row
    rows[(codes == -1) & column.notna().to_numpy()] = 0
    return torch.tensor(rows)


def one_hot_of(categories: list[str], column: pd.Series) -> Tensor:
    """Columns for the given categories and a last one for gaps, for variants that err elsewhere."""
    indicators = [[float(word == category) for word in column] for category in categories]
    indicators.append([float(pd.isna(word)) for word in column])
    return torch.tensor(indicators).T.contiguous()


@misconception(
    "one_hot",
    hint="You take the categories from the column that is to be encoded. A model trained on the columns of the "
    "training table then gets other columns, or as many with another meaning.",
)
def categories_of_the_column(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(column.dropna())), column)


@misconception(
    "one_hot",
    hint="You take the categories from both columns. The model cannot know the words of rows that do not exist yet; "
    "a word that is new makes a row of zeros.",
)
def categories_of_both(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(train.dropna()) | set(column.dropna())), column)


@misconception(
    "one_hot",
    hint="There is no column for what is missing, so that a gap cannot be told from an unknown word. It comes last, "
    "and is always there.",
)
def no_column_for_gaps(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(train.dropna())), column)[:, :-1]


@misconception(
    "one_hot",
    hint="You make the column for gaps only when something is missing in the training table. The number of columns "
    "should not depend on that: a gap may come later.",
)
def a_column_for_gaps_only_if_there_are_any(train: pd.Series, column: pd.Series) -> Tensor:
    encoded = one_hot_of(sorted(set(train.dropna())), column)
    return encoded if train.isna().any() else encoded[:, :-1]


@misconception(
    "one_hot",
    hint="You treat an unknown word as missing. It is not: somebody wrote it down, and the training table did not "
    "have it. Its row is zeros.",
)
def unknown_words_as_missing(train: pd.Series, column: pd.Series) -> Tensor:
    categories = sorted(set(train.dropna()))
    return one_hot_of(categories, column.where(column.isin(categories)))


@misconception(
    "one_hot",
    hint="Your categories come in the order in which they appear. Then the meaning of a column depends on which row "
    "of the training table is first; the question asks for sorted order.",
)
def in_order_of_appearance(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(list(dict.fromkeys(train.dropna())), column)


@misconception(
    "one_hot",
    hint="Your first category has no column. Leaving one out helps some statistical models, whose columns would "
    "otherwise add up to one; here every category gets its own.",
)
def the_first_category_dropped(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(train.dropna()))[1:], column)


@misconception(
    "one_hot",
    hint="The pattern is right, but the entries are not float32: `get_dummies` gives booleans, and a product of them "
    "with weights fails.",
)
def left_as_booleans_of_pandas(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(train.dropna())), column).bool()


@misconception(
    "one_hot",
    hint="You give each word a number instead of a column. Then oak is three times ash, and elm lies between the "
    "two: an order that the words do not have.",
)
def a_number_for_each_word(train: pd.Series, column: pd.Series) -> Tensor:
    categories = sorted(set(train.dropna()))
    numbers = [categories.index(word) if word in categories else -1 for word in column]
    return torch.tensor(numbers, dtype=torch.float32)


@misconception(
    "one_hot",
    hint="The column for what is missing is your first. The question puts it last, after the categories.",
)
def gaps_in_the_first_column(train: pd.Series, column: pd.Series) -> Tensor:
    return one_hot_of(sorted(set(train.dropna())), column).roll(1, dims=1)


# 6. standardise


@wheat("standardise")
def divided_by_one_where_constant(train: Tensor, X: Tensor) -> Tensor:
    mean = train.mean(0, keepdim=True)
    spread = ((train - mean) ** 2).mean(0, keepdim=True).sqrt()
    spread[spread == 0] = 1
    return (X - mean) / spread


@wheat("standardise")
def constant_columns_by_comparison(train: Tensor, X: Tensor) -> Tensor:
    mean, std = train.mean(dim=0), train.var(dim=0, unbiased=False).sqrt()
    constant = (train == train[0]).all(dim=0)
    return (X - mean) / std.masked_fill(constant, 1.0)


@wheat("standardise")
def one_column_after_another(train: Tensor, X: Tensor) -> Tensor:
    columns = []
    for j in range(X.shape[1]):
        known = train[:, j].double()
        std = known.sub(known.mean()).square().mean().sqrt().item()
        columns.append((X[:, j].double() - known.mean()) / (std if std > 0 else 1.0))
    return torch.stack(columns, dim=1).to(X.dtype)


@misconception(
    "standardise",
    hint="You use mean and standard deviation of `X` itself. Two tables would then be put on two scales, and the "
    "model has learnt only one: use the statistics of the training table.",
)
def statistics_of_the_other_table(train: Tensor, X: Tensor) -> Tensor:
    std = X.std(dim=0, correction=0)
    return (X - X.mean(dim=0)) / torch.where(std == 0, 1.0, std).to(X.dtype)


@misconception(
    "standardise",
    hint="Your statistics are those of both tables together. That is leakage: the other rows take part in what the "
    "model is trained on. Use the training rows alone.",
)
def statistics_of_both(train: Tensor, X: Tensor) -> Tensor:
    rows = torch.cat([train, X])
    std = rows.std(dim=0, correction=0)
    return (X - rows.mean(dim=0)) / torch.where(std == 0, 1.0, std).to(X.dtype)


@misconception(
    "standardise",
    hint="Your variance divides by m - 1, as `torch.std` does by default. The formula of this question divides by m.",
)
def divided_by_m_minus_one(train: Tensor, X: Tensor) -> Tensor:
    std = train.std(dim=0)
    return (X - train.mean(dim=0)) / torch.where(std == 0, 1.0, std).to(X.dtype)


@misconception(
    "standardise",
    hint="You divide by zero where a column of the training table is constant, and get infinities or nan. Such a "
    "column is only shifted.",
)
def constant_columns_forgotten(train: Tensor, X: Tensor) -> Tensor:
    return (X - train.mean(dim=0)) / train.std(dim=0, correction=0)


@misconception(
    "standardise",
    hint="You add a tiny number to the standard deviation. Where it is zero in the training table, a new row that "
    "differs is blown up a hundred million times. Such a column is only shifted.",
)
def a_tiny_number_added(train: Tensor, X: Tensor) -> Tensor:
    return (X - train.mean(dim=0)) / (train.std(dim=0, correction=0) + 1e-8)


@misconception(
    "standardise",
    hint="You write 0 into the columns that are constant in the training table. A new row may differ there: the "
    "question asks for the difference from the mean, not divided.",
)
def constant_columns_made_zero(train: Tensor, X: Tensor) -> Tensor:
    std = train.std(dim=0, correction=0)
    z = (X - train.mean(dim=0)) / torch.where(std == 0, 1.0, std).to(X.dtype)
    return z * (std != 0)


@misconception(
    "standardise",
    hint="You divide by the variance. It has the unit of the column squared; the standard deviation is its root.",
)
def divided_by_the_variance(train: Tensor, X: Tensor) -> Tensor:
    variance = train.var(dim=0, correction=0)
    return (X - train.mean(dim=0)) / torch.where(variance == 0, 1.0, variance).to(X.dtype)


@misconception(
    "standardise",
    hint="You use one mean and one standard deviation for the whole table. Columns have different units: each needs "
    "its own, so reduce along the axis of the rows only.",
)
def one_scale_for_the_table(train: Tensor, X: Tensor) -> Tensor:
    return (X - train.mean()) / train.std(correction=0)


@misconception(
    "standardise",
    hint="You shift the columns, and leave it at that. The second step is to divide by the standard deviation.",
)
def only_shifted(train: Tensor, X: Tensor) -> Tensor:
    return X - train.mean(dim=0)


# 7. covariance


@wheat("covariance")
def a_sum_of_outer_products(X: Tensor) -> Tensor:
    mean = X.mean(dim=0)
    C = torch.zeros(X.shape[1], X.shape[1], dtype=X.dtype)
    for x in X:
        C += torch.outer(x - mean, x - mean)
    return C / len(X)


@wheat("covariance")
def with_einsum(X: Tensor) -> Tensor:
    D = X - X.mean(dim=0, keepdim=True)
    return torch.einsum("ni,nj->ij", D, D) / X.shape[0]


@wheat("covariance")
def pairs_of_columns_in_double_precision(X: Tensor) -> Tensor:
    D = X.double() - X.double().mean(dim=0)
    return (D[:, :, None] * D[:, None, :]).mean(dim=0).to(X.dtype)


@misconception(
    "covariance",
    hint="You did not subtract the mean. The product then measures how far the columns are from zero, not how they "
    "vary together.",
)
def not_centred(X: Tensor) -> Tensor:
    return X.T @ X / len(X)


@misconception(
    "covariance",
    hint="You divide by n - 1. That is the estimate that `torch.cov` gives by default; the formula of this question "
    "divides by n.",
)
def divided_by_n_minus_one(X: Tensor) -> Tensor:
    D = X - X.mean(dim=0)
    return D.T @ D / (len(X) - 1)


@misconception(
    "covariance",
    hint="You add up the products and do not divide by the number of rows: your matrix grows with the table.",
)
def a_sum_instead_of_a_mean(X: Tensor) -> Tensor:
    D = X - X.mean(dim=0)
    return D.T @ D


@misconception(
    "covariance",
    hint="Your product compares rows with rows: its shape is (n, n). The transpose belongs to the left factor.",
)
def rows_with_rows(X: Tensor) -> Tensor:
    D = X - X.mean(dim=0)
    return D @ D.T / len(X)


@misconception(
    "covariance",
    hint="You subtract from each row its own mean. The mean of this question is a row: the average of all rows, one "
    "number for each column.",
)
def centred_along_the_rows(X: Tensor) -> Tensor:
    D = X - X.mean(dim=1, keepdim=True)
    return D.T @ D / len(X)


@misconception(
    "covariance",
    hint="You take the mean of the products minus the product of the means. On paper it is the same, but where the "
    "mean is large it subtracts two huge numbers, and float32 keeps little of the rest. Centre first.",
)
def the_expanded_formula(X: Tensor) -> Tensor:
    mean = X.mean(dim=0)
    return X.T @ X / len(X) - torch.outer(mean, mean)


@misconception(
    "covariance",
    hint="Your matrix has only a diagonal: the variances. Off the diagonal belongs how two different columns vary "
    "together.",
)
def only_the_variances(X: Tensor) -> Tensor:
    return torch.diag(X.var(dim=0, correction=0))


@misconception(
    "covariance",
    hint="You divided by the standard deviations as well, which gives correlations, with ones on the diagonal. The "
    "covariance keeps the scale of the columns.",
)
def correlations(X: Tensor) -> Tensor:
    D = X - X.mean(dim=0)
    std = D.square().mean(dim=0).sqrt()
    return D.T @ D / len(X) / torch.outer(std, std)


@misconception(
    "covariance",
    hint="The result is right, but PyTorch's own function computes it, which this question rules out. The point is "
    "to see the matrix product in the sum.",
)
def the_librarys_own(X: Tensor) -> Tensor:
    return torch.cov(X.T, correction=0).reshape(X.shape[1], X.shape[1])


# 8. unit_rows


@wheat("unit_rows")
def with_a_vector_norm(X: Tensor, p: int) -> Tensor:
    norms = torch.linalg.vector_norm(X, ord=p, dim=1, keepdim=True)
    return X / norms.masked_fill(norms == 0, 1)


@wheat("unit_rows")
def a_row_at_a_time(X: Tensor, p: int) -> Tensor:
    result = torch.zeros_like(X)
    for i, row in enumerate(X):
        norm = sum(abs(x) ** p for x in row.tolist()) ** (1 / p)
        if norm:
            result[i] = row / norm
    return result


@wheat("unit_rows")
def zeros_put_back(X: Tensor, p: int) -> Tensor:
    scaled = X / X.norm(p=p, dim=1)[:, None]
    return torch.where((X == 0).all(dim=1, keepdim=True), X, scaled)


@misconception(
    "unit_rows",
    hint="A row of zeros becomes nan, because zero is divided by zero. One such row makes every sum after it nan.",
)
def zero_divided_by_zero(X: Tensor, p: int) -> Tensor:
    return X / X.norm(p=p, dim=1, keepdim=True)


@misconception(
    "unit_rows",
    hint="You normalise columns: the norm runs down each of them. Rows are the examples, so add up along the axis of "
    "the columns.",
)
def columns_of_length_one(X: Tensor, p: int) -> Tensor:
    norms = X.norm(p=p, dim=0, keepdim=True)
    return X / torch.where(norms == 0, 1.0, norms).to(X.dtype)


@misconception(
    "unit_rows",
    hint="Your L1 norm is a plain sum: positive and negative entries cancel. Take absolute values first.",
)
def a_sum_without_absolute_values(X: Tensor, p: int) -> Tensor:
    norms = X.sum(dim=1, keepdim=True) if p == 1 else X.norm(dim=1, keepdim=True)
    return X / torch.where(norms == 0, 1.0, norms).to(X.dtype)


@misconception(
    "unit_rows",
    hint="You divide by the L2 norm whatever `p` is. For p = 1, the absolute values of each row have to add up to one.",
)
def always_the_second_norm(X: Tensor, p: int) -> Tensor:
    norms = X.norm(dim=1, keepdim=True)
    return X / torch.where(norms == 0, 1.0, norms).to(X.dtype)


@misconception(
    "unit_rows",
    hint="For p = 2 you divide by the sum of squares: the root is missing.",
)
def the_root_forgotten(X: Tensor, p: int) -> Tensor:
    norms = X.abs().pow(p).sum(dim=1, keepdim=True)
    return X / torch.where(norms == 0, 1.0, norms).to(X.dtype)


@misconception(
    "unit_rows",
    hint="You divide by one number, the norm of the whole matrix (for p = 2, the Frobenius norm). Each row has its "
    "own.",
)
def the_norm_of_the_matrix(X: Tensor, p: int) -> Tensor:
    norm = X.abs().pow(p).sum() ** (1 / p)
    return X / norm if norm > 0 else X.clone()


@misconception(
    "unit_rows",
    hint="You add a small number to every norm, which keeps zeros zero, but a row that is as short as that number "
    "does not get the length one.",
)
def a_small_number_added(X: Tensor, p: int) -> Tensor:
    return X / (X.norm(p=p, dim=1, keepdim=True) + 1e-8)


@misconception(
    "unit_rows",
    hint="The result is right, but PyTorch's own function computes it, which this question rules out.",
)
def the_librarys_own_rows(X: Tensor, p: int) -> Tensor:
    return torch.nn.functional.normalize(X, p=p, dim=1, eps=1e-30)


# 9. project_onto_line


@wheat("project_onto_line")
def with_a_unit_vector(X: Tensor, v: Tensor) -> Tensor:
    unit = v / v.norm()
    return torch.outer(X @ unit, unit)


@wheat("project_onto_line")
def with_a_projection_matrix(X: Tensor, v: Tensor) -> Tensor:
    P = torch.outer(v, v) / v.square().sum()
    return X @ P


@wheat("project_onto_line")
def point_by_point(X: Tensor, v: Tensor) -> Tensor:
    return torch.stack([torch.dot(x, v) / torch.dot(v, v) * v for x in X])


@misconception(
    "project_onto_line",
    hint="You treat `v` as if its length were 1. When it is twice as long, your result is four times as long, but "
    "the line is the same. Divide by the square of the length.",
)
def taken_for_a_unit_vector(X: Tensor, v: Tensor) -> Tensor:
    return (X @ v)[:, None] * v


@misconception(
    "project_onto_line",
    hint="You divide by the length of `v` once. It comes in twice, in the dot product and in the vector that is "
    "multiplied by it, so divide by its square.",
)
def divided_by_the_length_once(X: Tensor, v: Tensor) -> Tensor:
    return (X @ v / v.norm())[:, None] * v


@misconception(
    "project_onto_line",
    hint="You return the coefficients: one number for each point says how far along the line it falls. The points "
    "themselves are these numbers times `v`.",
)
def only_the_coefficients(X: Tensor, v: Tensor) -> Tensor:
    return X @ v / (v @ v)


@misconception(
    "project_onto_line",
    hint="You return what is left after the projection: the part of each point that stands at a right angle on `v`.",
)
def what_is_left_beside_the_line(X: Tensor, v: Tensor) -> Tensor:
    return X - (X @ v / (v @ v))[:, None] * v


@misconception(
    "project_onto_line",
    hint="You project `v` onto the points, not the points onto `v`: your results are multiples of the rows of `X`.",
)
def the_other_way_round(X: Tensor, v: Tensor) -> Tensor:
    return (X @ v / X.square().sum(dim=1))[:, None] * X


@misconception(
    "project_onto_line",
    hint="You multiply entry by entry and do not add up: x times v over v·v. The dot product of a point with `v` is "
    "one number.",
)
def multiplied_entry_by_entry(X: Tensor, v: Tensor) -> Tensor:
    return X * v / (v @ v) * v


@misconception(
    "project_onto_line",
    hint="You use the length of the shadow, without its sign: points on the far side of the origin land on the wrong "
    "side.",
)
def the_sign_lost(X: Tensor, v: Tensor) -> Tensor:
    return (X @ v / (v @ v)).abs()[:, None] * v


# 10. project


@wheat("project")
def through_qr(X: Tensor, A: Tensor) -> Tensor:
    Q, _ = torch.linalg.qr(A)
    return X @ Q @ Q.T


@wheat("project")
def least_squares_point_by_point(X: Tensor, A: Tensor) -> Tensor:
    points = [A @ torch.linalg.lstsq(A, x[:, None]).solution for x in X]
    return torch.cat(points, dim=1).T.contiguous()


@wheat("project")
def by_gram_and_schmidt(X: Tensor, A: Tensor) -> Tensor:
    result, basis = torch.zeros_like(X), []
    for a in A.T:
        for unit in [*basis, *basis]:  # twice, so that rounding does not spoil the right angles
            a = a - (a @ unit) * unit
        basis.append(a / a.norm())
        result += torch.outer(X @ basis[-1], basis[-1])
    return result


@wheat("project")
def with_the_pseudoinverse(X: Tensor, A: Tensor) -> Tensor:
    return X @ (A @ torch.linalg.pinv(A)).T


@misconception(
    "project",
    hint="Your formula holds for columns of length 1 that are orthogonal. Here they are neither, so the inverse of "
    "their products with each other (the Gram matrix) has to stand between the two factors.",
)
def taken_for_orthonormal(X: Tensor, A: Tensor) -> Tensor:
    return X @ A @ A.T


@misconception(
    "project",
    hint="You project onto each column by itself and add up. That counts twice what skew columns share; it is right "
    "only when they are orthogonal.",
)
def a_sum_of_projections_onto_lines(X: Tensor, A: Tensor) -> Tensor:
    unit = A / A.norm(dim=0)
    return X @ unit @ unit.T


@misconception(
    "project",
    hint="You project onto the first column, then the result onto the second, and so on. After the second step the "
    "point lies on a line; the space that all columns span is larger.",
)
def one_line_after_the_other(X: Tensor, A: Tensor) -> Tensor:
    for a in A.T:
        X = (X @ a / (a @ a))[:, None] * a
    return X


@misconception(
    "project",
    hint="You return the coefficients, k for each point. The points are combinations of the columns of `A` with "
    "these coefficients.",
)
def only_coefficients(X: Tensor, A: Tensor) -> Tensor:
    return torch.linalg.solve(A.T @ A, A.T @ X.T).T


@misconception(
    "project",
    hint="You return what is left: the part of each point at a right angle to the space, not the point in the space.",
)
def what_is_left_beside_the_space(X: Tensor, A: Tensor) -> Tensor:
    return X - (A @ torch.linalg.solve(A.T @ A, A.T @ X.T)).T


@misconception(
    "project",
    hint="The matrix between the two factors should be the inverse of the columns' products with each other. You "
    "multiply by these products themselves.",
)
def the_inverse_forgotten(X: Tensor, A: Tensor) -> Tensor:
    return X @ A @ (A.T @ A) @ A.T


@misconception(
    "project",
    hint="You project onto the first column only: onto a line, where a space of as many dimensions as `A` has "
    "columns is asked for.",
)
def onto_the_first_column(X: Tensor, A: Tensor) -> Tensor:
    a = A[:, 0]
    return (X @ a / (a @ a))[:, None] * a


@misconception(
    "project",
    hint="The points are right, but your result is transposed: they are its columns. Rows of `X` are points, and so "
    "are the rows of the result.",
)
def points_as_columns(X: Tensor, A: Tensor) -> Tensor:
    return A @ torch.linalg.solve(A.T @ A, A.T @ X.T)
