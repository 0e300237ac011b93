"""
QGIS without its windows: what a person does in it, step by step, through the same libraries.

    client.py WAY STEP...    with the environment of connection.py

WAY is how QGIS learns of the certificate: `environment` (libpq's own variables), `service` (the bundle's
pg_service.conf), `pki` and `pki-distrustful` (an authentication configuration, with the server's CA imported or not)
and `pkcs12`. Each step prints one line of JSON; what QGIS would show in its message log comes with it.
"""

import json
import sys
import threading
import time

from connection import connection_of, layer_of, start
from qgis.core import Qgis, QgsApplication, QgsException, QgsFeature, QgsFeedback, QgsProviderRegistry


def database_of(uri):
    return QgsProviderRegistry.instance().providerMetadata("postgres").createConnection(uri.uri(False), {})


def connect(uri):
    layer = layer_of(uri, "gis", "parcels")
    return {"valid": layer.isValid(), "crs": layer.crs().authid()}


def tables(uri):
    try:
        found = database_of(uri).tables("gis")
    except QgsException:
        # Its text holds the whole connection with the API key; the reason is in the log.
        return {"tables": None}
    return {"tables": [[table.tableName(), table.geometryColumn()] for table in found]}


def read(uri):
    layer = layer_of(uri, "gis", "parcels")
    features = rings = 0
    for feature in layer.getFeatures():
        features += 1
        rings += feature.geometry().constGet().exteriorRing() is not None
    return {"counted": layer.featureCount(), "features": features, "geometries": rings}


def edit(uri):
    """Moves a feature, renames it, adds one and deletes it again, each saved as the pencil does."""
    layer = layer_of(uri, "gis", "parcels")
    if not layer.startEditing():
        return {"editable": False}
    feature = layer.getFeature(1)
    geometry = feature.geometry()
    geometry.translate(0.0001, 0)
    layer.changeGeometry(1, geometry)
    layer.changeAttributeValue(1, layer.fields().lookupField("name"), "Edited with QGIS")
    added = QgsFeature(layer.fields())
    added.setAttribute("name", "Added with QGIS")
    added.setAttribute("kind", "garden")
    added.setGeometry(geometry)
    layer.addFeature(added)
    saved = layer.commitChanges(False)
    [new] = [each.id() for each in layer.getFeatures("\"name\" = 'Added with QGIS'")] or [None]
    layer.deleteFeature(new)
    saved = layer.commitChanges() and saved
    return {"editable": True, "saved": saved, "errors": layer.commitErrors()}


def force(uri):
    """Writes although QGIS knows that it may not: what does the server say?"""
    layer = layer_of(uri, "gis", "parcels")
    provider = layer.dataProvider()
    feature = QgsFeature(provider.fields())
    feature.setAttribute("name", "Forced")
    feature.setAttribute("kind", "garden")
    done, _ = provider.addFeatures([feature])
    return {"done": done, "errors": provider.errors()}


def cancel(uri):
    """A running query of the SQL window, stopped by its button."""
    database = database_of(uri)
    feedback = QgsFeedback()
    outcome = {}

    def run():
        try:
            database.executeSql("SELECT pg_sleep(60)", feedback)
        except QgsException as error:
            outcome["error"] = str(error)

    began = time.monotonic()
    query = threading.Thread(target=run)
    query.start()
    watcher = database_of(uri)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
    while watcher.executeSql(running) == [[0]] and query.is_alive():
        time.sleep(0.02)
    feedback.cancel()
    query.join()
    left = watcher.executeSql(running)
    return {**outcome, "seconds": time.monotonic() - began, "left": left[0][0]}


steps = {step.__name__: step for step in (connect, tables, read, edit, force, cancel)}


def main():
    way, *wanted = sys.argv[1:]
    application = start(way)
    messages = []
    QgsApplication.messageLog().messageReceived.connect(lambda text, *_: messages.append(text))
    print(json.dumps({"step": "version", "version": Qgis.QGIS_VERSION}), flush=True)
    uri = connection_of(way)
    for name in wanted:
        messages.clear()
        answer = steps[name](uri)
        print(json.dumps({"step": name, **answer, "messages": list(messages)}), flush=True)
    application.exitQgis()


main()
