"""Where each benchmark set is published, under which licence, and what to cite: one table.

A size or a SHA-256 stands here only where it is known for sure; for the others the sum of what came is recorded at
the first download (`checksums`) and checked from then on. A set whose licence forbids fetching says whom to ask.
"""

from __future__ import annotations

from dataclasses import dataclass

from anomalyllm.datasets.catalogue import FORMS, dataset_name

GITHUB = "https://github.com"
ITRUST = "ask iTrust, Singapore University of Technology and Design: https://itrust.sutd.edu.sg/itrust-labs_datasets/"
UNZIPPED = ("*",)


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch.

    Attributes:
        address: as its publisher gives it.
        name: what it is called on the disk.
        wanted: patterns of what is unpacked, where it is a zip.
        bytes: its size, where it is known for sure.
        sha256: of its content, where it is known for sure.
    """

    address: str
    name: str
    wanted: tuple[str, ...] = UNZIPPED
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Source:
    """What is known of a set.

    Attributes:
        name: as tables print it.
        title: its full name.
        home: the page that describes it.
        licence: in a few words, or that none is stated.
        citation: the paper to cite.
        files: what `download` fetches.
        folder: the folder below the data folder that they go to; the set's name by default.
        forbidden: why it may not be fetched here and whom to ask, or None.
        by_hand: what to fetch by hand, where it has no address that a program can use, or None.
    """

    name: str
    title: str
    home: str
    licence: str
    citation: str
    files: tuple[RemoteFile, ...] = ()
    folder: str = ""
    forbidden: str | None = None
    by_hand: str | None = None

    @property
    def place(self) -> str:
        """The folder's name."""
        return self.folder or self.name


def _archive(repository: str, commit: str, name: str, *wanted: str) -> RemoteFile:
    """A repository at a commit, as GitHub packs it."""
    return RemoteFile(f"{GITHUB}/{repository}/archive/{commit}.zip", name, wanted)


TELEMANOM = (
    RemoteFile("https://s3-us-west-2.amazonaws.com/telemanom/data.zip", "data.zip", ("*.npy",)),
    RemoteFile(
        "https://raw.githubusercontent.com/khundman/telemanom/master/labeled_anomalies.csv", "labeled_anomalies.csv"
    ),
)
HUNDMAN = "Hundman et al., Detecting Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic Thresholding, KDD 2018"
LAI = "Lai et al., Revisiting Time Series Outlier Detection: Definitions and Benchmarks, NeurIPS 2021"
LIU = "Liu and Paparrizos, The Elephant in the Room: Towards A Reliable Time-Series Anomaly Detection Benchmark"
TELEMANOM_HOME = f"{GITHUB}/khundman/telemanom"
TSB_HOME = f"{GITHUB}/TheDatumOrg/TSB-AD"
SOURCES = {
    source.name: source
    for source in (
        Source(
            "UCR",
            "UCR Anomaly Archive, 250 series with one anomaly each",
            "https://www.cs.ucr.edu/~eamonn/time_series_data_2018/",
            "none stated; released for research",
            "Wu and Keogh, Current Time Series Anomaly Detection Benchmarks are Flawed and are Creating the Illusion "
            "of Progress, TKDE 2023",
            (
                RemoteFile(
                    "https://www.cs.ucr.edu/~eamonn/time_series_data_2018/UCR_TimeSeriesAnomalyDatasets2021.zip",
                    "UCR_TimeSeriesAnomalyDatasets2021.zip",
                    ("*UCR_Anomaly_*.txt",),
                ),
            ),
        ),
        Source(
            "SMD",
            "Server Machine Dataset, 28 machines with 38 channels",
            f"{GITHUB}/NetManAIOps/OmniAnomaly",
            "MIT",
            "Su et al., Robust Anomaly Detection for Multivariate Time Series through Stochastic Recurrent Neural "
            "Network, KDD 2019",
            (_archive("NetManAIOps/OmniAnomaly", "refs/heads/master", "OmniAnomaly.zip", "*/ServerMachineDataset/*"),),
        ),
        Source(
            "MSL",
            "Mars Science Laboratory, 27 channels of telemetry with their commands",
            TELEMANOM_HOME,
            "Caltech, BSD-like, notice to be kept",
            HUNDMAN,
            TELEMANOM,
            "telemanom",
        ),
        Source(
            "SMAP",
            "Soil Moisture Active Passive satellite, 54 channels of telemetry with their commands",
            TELEMANOM_HOME,
            "Caltech, BSD-like, notice to be kept",
            HUNDMAN,
            TELEMANOM,
            "telemanom",
        ),
        Source(
            "ASD",
            "Application Server Dataset, 12 servers with 19 channels",
            f"{GITHUB}/zhhlee/InterFusion",
            "MIT",
            "Li et al., Multivariate Time Series Anomaly Detection and Interpretation using Hierarchical Inter-Metric "
            "and Temporal Embedding, KDD 2021",
            (
                _archive(
                    "zhhlee/InterFusion",
                    "8c85d511c1f070669ba8c5cf097b8fa4a202d15b",
                    "InterFusion.zip",
                    "*/data/processed/omi-*.pkl",
                ),
            ),
        ),
        Source(
            "GECCO",
            "GECCO 2018 industrial challenge, water quality, one series with 9 channels",
            "https://zenodo.org/records/3884398",
            "CC BY 4.0",
            "Rehbach et al., GECCO 2018 Industrial Challenge: Monitoring of Drinking-Water Quality, 2018",
            (
                RemoteFile(
                    "https://zenodo.org/records/3884398/files/1_gecco2018_water_quality.csv?download=1",
                    "1_gecco2018_water_quality.csv",
                ),
            ),
        ),
        Source(
            "SWAN",
            "Space Weather Analytics for Solar Flares (SWAN-SF), as one series with 38 channels",
            "https://doi.org/10.7910/DVN/EBCFKM",
            "see the page of the data",
            "Angryk et al., Multivariate time series dataset for space weather data analytics, Scientific Data 2020; "
            f"{LAI}",
            by_hand="put NIPS_TS_Swan_train.npy, NIPS_TS_Swan_test.npy and NIPS_TS_Swan_test_label.npy, which papers "
            "on the NIPS-TS benchmark pass on, into the folder SWAN",
        ),
        Source(
            "NAB",
            "Numenta Anomaly Benchmark, 58 series with windows of anomalies",
            f"{GITHUB}/numenta/NAB",
            "MIT",
            "Ahmad et al., Unsupervised real-time anomaly detection for streaming data, Neurocomputing 2017",
            (
                _archive(
                    "numenta/NAB",
                    "ea702d75cc2258d9d7dd35ca8e5e2539d71f3140",
                    "NAB.zip",
                    "*/data/*.csv",
                    "*/labels/*.json",
                ),
            ),
        ),
        Source(
            "MSCloud",
            "Microsoft cloud monitoring dataset, 60 series labelled by experts",
            f"{GITHUB}/microsoft/cloud-monitoring-dataset",
            "MIT",
            "Microsoft, cloud-monitoring-dataset",
            by_hand="it is read only from a folder with index.json and NPZ files, which has to be made from its tables",
        ),
        Source(
            "TSB-AD-U",
            "TSB-AD, the series with one channel",
            TSB_HOME,
            "that of each set it gathers",
            f"{LIU}, NeurIPS 2024",
            (RemoteFile("https://www.thedatum.org/datasets/TSB-AD-U.zip", "TSB-AD-U.zip", ("*.csv",)),),
        ),
        Source(
            "TSB-AD-M",
            "TSB-AD, the series with several channels",
            TSB_HOME,
            "that of each set it gathers",
            f"{LIU}, NeurIPS 2024",
            (RemoteFile("https://www.thedatum.org/datasets/TSB-AD-M.zip", "TSB-AD-M.zip", ("*.csv",)),),
        ),
        Source(
            "SWaT",
            "Secure Water Treatment",
            "https://itrust.sutd.edu.sg/itrust-labs_datasets/",
            "on request, may not be passed on",
            "Goh et al., A Dataset to Support Research in the Design of Secure Water Treatment Systems, CRITIS 2016",
            forbidden=ITRUST,
        ),
        Source(
            "WADI",
            "Water Distribution",
            "https://itrust.sutd.edu.sg/itrust-labs_datasets/",
            "on request, may not be passed on",
            "Ahmed et al., WADI: a water distribution testbed for research in the design of secure cyber physical "
            "systems, CySWATER 2017",
            forbidden=ITRUST,
        ),
        Source(
            "Yahoo-S5",
            "Yahoo S5, labelled anomaly detection dataset",
            "https://webscope.sandbox.yahoo.com/catalog.php?datatype=s&did=70",
            "on request, may not be passed on",
            "Laptev et al., Generic and Scalable Framework for Automated Time-series Anomaly Detection, KDD 2015",
            forbidden="fill in the request form of Yahoo Webscope: https://webscope.sandbox.yahoo.com",
        ),
    )
}


def source_of(name: str) -> Source:
    """What is known of a set, by its name in any case.

    Raises:
        ConfigError: no set is called so.
    """
    return SOURCES[dataset_name(name, tuple(SOURCES))]


def is_readable(source: Source) -> bool:
    """Whether there is a reader for the set."""
    return source.name in FORMS
