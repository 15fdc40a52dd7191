"""What is certain of a template's value before it is rendered."""

from __future__ import annotations

from jinja2 import nodes

from hub.text.templates import TemplateProblem, parse

_FILTERS = ("abs", "count", "float", "int", "length", "round")


def gives_number(text: str) -> bool:
    """Whether a template is one expression that gives a number whatever the town is like, as
    `{{ states('sensor.n') | int }}`. False for one that cannot be parsed."""
    try:
        tree, is_expression = parse(text)
    except TemplateProblem:
        return False
    outputs = [one for one in tree.body if isinstance(one, nodes.Output)]
    if not is_expression or len(outputs) != 1:
        return False
    parts = [one for one in outputs[0].nodes if not isinstance(one, nodes.TemplateData)]
    return len(parts) == 1 and _is_number(parts[0])


def _is_number(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Const):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, nodes.Filter):
        given = [*(node.args or ()), *(each.value for each in node.kwargs or ())]
        return node.name in _FILTERS and all(_is_number(each) for each in given)
    if isinstance(node, nodes.Neg | nodes.Pos):
        return _is_number(node.node)
    if isinstance(node, nodes.CondExpr):
        return node.expr2 is not None and _is_number(node.expr1) and _is_number(node.expr2)
    if isinstance(node, nodes.BinExpr):
        return _is_number(node.left) and _is_number(node.right)
    return False
