"""`ipaas report`: one HTML file that tells the whole state and opens anywhere: no network, no script, no other file.

facts      all that is told, read from the stores: the status, and
  history    what moved and how late, hour by hour        failures   what failed last
  stories    the traces of what is named, bounded
page       the facts as a document; its parts in parts/   markup     HTML that cannot be broken by what it tells
charts     bars as SVG                                    style.css  light and dark, wide and narrow, on paper
writing    the file, whole or not at all
"""

from ipaas_dagster.report.facts import Facts, read_facts
from ipaas_dagster.report.page import page
from ipaas_dagster.report.summary import summary
from ipaas_dagster.report.writing import write_report

__all__ = ["Facts", "page", "read_facts", "summary", "write_report"]
