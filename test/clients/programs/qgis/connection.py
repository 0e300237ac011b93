"""
How QGIS learns of the bundle, for the programs of this folder.

PGHOST, PGPORT, PGUSER and PGPASSWORD (an API key) of the environment are taken out of it, so that QGIS gets them from
nowhere but the connection; BUNDLE is the unpacked bundle, PROFILE a directory for what QGIS keeps.
"""

import os
from pathlib import Path

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsDataSourceUri, QgsVectorLayer
from qgis.PyQt.QtNetwork import QSslCertificate

bundle = Path(os.environ["BUNDLE"])
profile = Path(os.environ["PROFILE"])
api_key = os.environ.pop("PGPASSWORD")
host, port, user = (os.environ.pop(name) for name in ("PGHOST", "PGPORT", "PGUSER"))


def use_environment():
    """QGIS itself has no fields for these; Settings > Options > System > Environment has."""
    os.environ["PGSSLCERT"] = str(bundle / "client.crt")
    os.environ["PGSSLKEY"] = str(bundle / "client.key")
    os.environ["PGSSLROOTCERT"] = str(bundle / "server_ca.pem")


def use_service():
    """The file as downloaded, with whole paths as its comment says."""
    text = (bundle / "pg_service.conf").read_text()
    for name in ("client.crt", "client.key", "server_ca.pem"):
        text = text.replace(f"={name}", f"={bundle / name}")
    service_file = profile / "pg_service.conf"
    service_file.write_text(text)
    os.environ["PGSERVICEFILE"] = str(service_file)


def add_configuration(way):
    """An authentication configuration as the dialogs make one; gives its id."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("only for this test", True)
    configuration = QgsAuthMethodConfig()
    configuration.setName("Postern")
    if way == "pkcs12":
        configuration.setMethod("PKI-PKCS#12")
        configuration.setConfig("bundlepath", str(bundle / "client.p12"))
        configuration.setConfig("bundlepass", "postern")
    else:
        configuration.setMethod("PKI-Paths")
        configuration.setConfig("certpath", str(bundle / "client.crt"))
        configuration.setConfig("keypath", str(bundle / "client.key"))
    manager.storeAuthenticationConfig(configuration)
    if way != "pki-distrustful":
        manager.storeCertAuthorities(QSslCertificate.fromPath(str(bundle / "server_ca.pem")))
        manager.rebuildCaCertsCache()
        manager.rebuildTrustedCaCertsCache()
    return configuration.id()


def connection_of(way):
    """The connection as a QgsDataSourceUri without a table."""
    uri = QgsDataSourceUri()
    verify = QgsDataSourceUri.SslVerifyFull
    if way == "service":
        uri.setConnection(user, "", user, api_key, verify)
    elif way == "environment":
        uri.setConnection(host, port, user, user, api_key, verify)
    else:
        # QGIS replaces this user by the name in the certificate.
        uri.setConnection(host, port, user, "somebody", api_key, verify, add_configuration(way))
    return uri


def start(way):
    """QGIS without windows; libpq's variables have to be there before it starts."""
    if way == "environment":
        use_environment()
    elif way == "service":
        use_service()
    application = QgsApplication([], False, str(profile))
    application.initQgis()
    return application


def layer_of(uri, schema, table, geometry="geom"):
    layer_uri = QgsDataSourceUri(uri)
    layer_uri.setDataSource(schema, table, geometry, "", "id")
    return QgsVectorLayer(layer_uri.uri(False), table, "postgres")
