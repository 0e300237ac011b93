"""
Draws the island of island.sql as QGIS does on screen.

    map.py FILE.png    with the environment of connection.py
"""

import sys
from collections import Counter

from connection import connection_of, layer_of, start
from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsCentroidFillSymbolLayer,
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsPointPatternFillSymbolLayer,
    QgsProperty,
    QgsRectangle,
    QgsRendererCategory,
    QgsRuleBasedRenderer,
    QgsSimpleLineSymbolLayer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter, QPen

font = "DejaVu Sans"
sea = "#a9cfe3"
ink = "#37424a"
uses = {
    "houses": "#d9b8a6",
    "wood": "#8fb77f",
    "dunes": "#f2e6bf",
    "meadow": "#c9dfa3",
    "grain": "#ecdc9a",
    "canola": "#f3d968",
    "orchard": "#b7cf8b",
}


def fill(color, outline="255,255,255,150", width="0.18"):
    return QgsFillSymbol.createSimple(
        {"color": color, "outline_color": outline, "outline_width": width, "outline_width_unit": "MM"}
    )


def pattern(symbol, shape, color, size, distance):
    """Small signs in rows, as on a topographic map."""
    layer = QgsPointPatternFillSymbolLayer()
    layer.setSubSymbol(QgsMarkerSymbol.createSimple({"name": shape, "color": color, "outline_style": "no", "size": size}))
    layer.setDistanceX(distance)
    layer.setDistanceY(distance)
    layer.setDisplacementX(distance / 2)
    symbol.appendSymbolLayer(layer)
    return symbol


def parcels(layer):
    symbols = {use: fill(color) for use, color in uses.items()}
    pattern(symbols["wood"], "triangle", "#5d8f55", "1.0", 2.1)
    pattern(symbols["orchard"], "circle", "#7fa35b", "0.75", 1.7)
    pattern(symbols["dunes"], "circle", "#dccb93", "0.35", 1.1)
    roofs = QgsCentroidFillSymbolLayer()
    roofs.setSubSymbol(
        QgsMarkerSymbol.createSimple({"name": "square", "color": "#b98b76", "outline_style": "no", "size": "1.1"})
    )
    symbols["houses"].appendSymbolLayer(roofs)
    categories = [QgsRendererCategory(use, symbol, use) for use, symbol in symbols.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("use", categories))


def shallows(layer):
    """Lines around the coast, each paler and wider: the water over the shelf."""
    symbol = QgsFillSymbol.createSimple({"color": "#dfeaf0", "outline_style": "no"})
    for color, width in (("#b3d6e8", 15), ("#bedded", 10), ("#cbe5f1", 5.5), ("#dbeef6", 2.2)):
        line = QgsSimpleLineSymbolLayer(QColor(color), width)
        line.setPenJoinStyle(Qt.RoundJoin)
        symbol.appendSymbolLayer(line)
    symbol.deleteSymbolLayer(0)
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def shore(layer):
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#5f8ea8", "outline_width": "0.45"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def lines(color, width):
    return {"color": color, "width": width, "capstyle": "round", "joinstyle": "round"}


def rivers(layer):
    symbol = QgsLineSymbol.createSimple(lines("#6fa8c7", "0.95"))
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    label(layer, "name", 7, "#4d86a6", italic=True, placement=QgsPalLayerSettings.Curved)


def roads(layer):
    """A casing and a filling; the levels put all casings below all fillings."""
    root = QgsRuleBasedRenderer.Rule(None)
    for condition, color, width in (("class = 'lane'", "#ffffff", 0.75), ("class = 'main road'", "#f0a35e", 1.15)):
        symbol = QgsLineSymbol.createSimple(lines("#8a7f74", str(width + 0.5)))
        filling = QgsSimpleLineSymbolLayer(QColor(color), width)
        filling.setPenCapStyle(Qt.RoundCap)
        filling.setRenderingPass(1)
        symbol.appendSymbolLayer(filling)
        rule = QgsRuleBasedRenderer.Rule(symbol)
        rule.setFilterExpression(condition)
        root.appendChild(rule)
    renderer = QgsRuleBasedRenderer(root)
    renderer.setUsingSymbolLevels(True)
    layer.setRenderer(renderer)


def towns(layer):
    symbol = QgsMarkerSymbol.createSimple(
        {"name": "circle", "color": "#ffffff", "outline_color": ink, "outline_width": "0.5", "size": "2"}
    )
    symbol.setDataDefinedSize(QgsProperty.fromExpression("1.7 + 2.2 * sqrt(\"population\" / 41200.0)"))
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    label(layer, "name", 8, ink, size_expression="7.5 + 5 * sqrt(\"population\" / 41200.0)", weight=QFont.DemiBold)


def label(layer, field, size, color, italic=False, weight=QFont.Normal, size_expression=None, placement=None):
    text = QgsTextFormat()
    face = QFont(font)
    face.setItalic(italic)
    face.setWeight(weight)
    text.setFont(face)
    text.setSize(size)
    text.setColor(QColor(color))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.8)
    halo.setColor(QColor(255, 255, 255, 190))
    text.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName = field
    settings.setFormat(text)
    settings.placement = QgsPalLayerSettings.OrderedPositionsAroundPoint if placement is None else placement
    settings.dist = 0.6
    if size_expression is not None:
        properties = settings.dataDefinedProperties()
        properties.setProperty(QgsPalLayerSettings.Size, QgsProperty.fromExpression(size_expression))
        settings.setDataDefinedProperties(properties)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


def legend(image):
    """Beside the map, what the colours mean and where it came from."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    left, top, step = 18, image.height() - 18 - 24 * len(uses) - 18, 24
    painter.setPen(Qt.NoPen)
    painter.setBrush(QColor(255, 255, 255, 215))
    painter.drawRoundedRect(QRectF(left, top, 122, step * len(uses) + 18), 6, 6)
    for row, (use, color) in enumerate(uses.items()):
        line = top + 9 + step * row
        painter.setPen(QPen(QColor("#8b9399"), 1))
        painter.setBrush(QColor(color))
        painter.drawRoundedRect(QRectF(left + 12, line + 4, 24, 15), 2, 2)
        painter.setPen(QColor(ink))
        painter.setFont(QFont(font, 10))
        painter.drawText(QRectF(left + 46, line, 80, 23), Qt.AlignVCenter, use)
    painter.setFont(QFont(font, 9))
    painter.setPen(QColor("#4f7286"))
    version = Qgis.QGIS_VERSION.split("-")[0]
    note = f"island.parcels and four more layers, drawn by QGIS {version} through Postern"
    painter.drawText(QRectF(0, 0, image.width() - 18, image.height() - 14), Qt.AlignRight | Qt.AlignBottom, note)
    painter.end()


def with_palette(image):
    """The same in 256 colours, a third of the size: the commonest of each small cube of similar ones."""
    image = image.convertToFormat(QImage.Format_RGB32)
    counts = Counter(memoryview(image.constBits().asstring(image.sizeInBytes())).cast("I"))
    cubes = {}
    for color, count in counts.most_common():
        cubes.setdefault(color & 0xF8F8F8, []).append((count, color))
    largest = sorted(cubes.values(), key=lambda cube: -sum(count for count, _ in cube))[:256]
    return image.convertToFormat(QImage.Format_Indexed8, [cube[0][1] for cube in largest])


def main():
    application = start("pki")
    uri = connection_of("pki")
    # Drawn from the last to the first.
    styles = (("towns", towns), ("roads", roads), ("coast", shore), ("rivers", rivers), ("parcels", parcels), ("coast", shallows))
    layers = []
    for table, style in styles:
        layer = layer_of(uri, "island", table)
        if not layer.isValid():
            sys.exit(f"QGIS cannot open the layer {table}.")
        style(layer)
        layers.append(layer)
    extent = layers[-1].extent()
    extent.scale(1.1)
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setBackgroundColor(QColor(sea))
    settings.setOutputSize(QSize(1000, 684))
    settings.setOutputDpi(92)
    settings.setExtent(QgsRectangle(extent))
    settings.setFlag(QgsMapSettings.Antialiasing)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    if job.errors():
        sys.exit(f"QGIS could not draw: {[error.message for error in job.errors()]}")
    image = job.renderedImage()
    legend(image)
    with_palette(image).save(sys.argv[1], "PNG", 0)
    application.exitQgis()


main()
