/** Import names whose distribution is called something else. The first is the one to recommend. */
const DISTRIBUTIONS: Readonly<Record<string, readonly string[]>> = {
  acp: ['agent-client-protocol'],
  box_sdk_gen: ['boxsdk', 'box-sdk-gen'],
  django_filters: ['django-filter'],
  fp: ['free-proxy'],
  ftlangdetect: ['fasttext-langdetect'],
  onelogin: ['python3-saml'],
  skopt: ['scikit-optimize', 'ft-scikit-optimize'],
  utils_find_1st: ['py-find-1st'],
  attr: ['attrs'],
  bs4: ['beautifulsoup4'],
  cv2: ['opencv-python', 'opencv-python-headless', 'opencv-contrib-python'],
  dateutil: ['python-dateutil'],
  discord: ['discord-py'],
  docx: ['python-docx'],
  dotenv: ['python-dotenv'],
  faiss: ['faiss-cpu', 'faiss-gpu'],
  fitz: ['pymupdf'],
  git: ['gitpython'],
  github: ['pygithub'],
  googleapiclient: ['google-api-python-client'],
  fpdf: ['fpdf2', 'fpdf'],
  grpc: ['grpcio'],
  jose: ['python-jose'],
  jwt: ['pyjwt'],
  magic: ['python-magic', 'python-magic-bin'],
  multipart: ['python-multipart'],
  MySQLdb: ['mysqlclient'],
  nacl: ['pynacl'],
  OpenSSL: ['pyopenssl'],
  PIL: ['pillow'],
  pkg_resources: ['setuptools'],
  pptx: ['python-pptx'],
  psycopg2: ['psycopg2', 'psycopg2-binary'],
  rest_framework: ['djangorestframework'],
  serial: ['pyserial'],
  sklearn: ['scikit-learn'],
  skimage: ['scikit-image'],
  slugify: ['python-slugify'],
  socketio: ['python-socketio'],
  socks: ['pysocks'],
  telegram: ['python-telegram-bot'],
  usb: ['pyusb'],
  yaml: ['pyyaml'],
  zmq: ['pyzmq'],
  ulid: ['python-ulid', 'ulid-py'],
  pythonjsonlogger: ['python-json-logger'],
  email_validator: ['email-validator', 'pydantic'],
  fastapi_users_db_sqlalchemy: ['fastapi-users'],
  Crypto: ['pycryptodome', 'pycrypto'],
  Cryptodome: ['pycryptodomex'],
  mpl_toolkits: ['matplotlib'],
  pylab: ['matplotlib'],
  win32api: ['pywin32'],
  win32com: ['pywin32'],
  pythoncom: ['pywin32'],
  flask_cors: ['flask-cors'],
  haystack: ['haystack-ai', 'farm-haystack'],
  llama_index: ['llama-index', 'llama-index-core'],
  unstructured_client: ['unstructured-client'],
  ruamel: ['ruamel-yaml'],
  sentry_sdk: ['sentry-sdk'],
  typing_extensions: ['typing-extensions'],
  Levenshtein: ['levenshtein', 'python-levenshtein'],
  pydantic_settings: ['pydantic-settings'],
  tlslite: ['tlslite-ng'],
  xdist: ['pytest-xdist'],
  wx: ['wxpython'],
  Xlib: ['python-xlib'],
  speech_recognition: ['speechrecognition'],
  igraph: ['python-igraph', 'igraph'],
  Bio: ['biopython'],
  osgeo: ['gdal'],
};

/** What comes with a library, or is the skill's own way to use it, and is imported beside it as a matter of course. */
const COMES_WITH: Readonly<Record<string, readonly string[]>> = {
  fastapi: ['starlette', 'pydantic', 'typing-extensions', 'anyio', 'annotated-types'],
  starlette: ['anyio'],
  pydantic: ['pydantic-core', 'pydantic-settings', 'typing-extensions', 'annotated-types'],
  'pydantic-settings': ['pydantic', 'python-dotenv'],
  sqlmodel: ['sqlalchemy', 'pydantic'],
  alembic: ['sqlalchemy', 'mako'],
  httpx: ['anyio', 'httpcore', 'h11', 'certifi'],
  requests: ['urllib3', 'certifi', 'charset-normalizer'],
  aiohttp: ['yarl', 'multidict', 'aiosignal'],
  celery: ['structlog', 'kombu', 'billiard', 'vine', 'amqp'],
  boto3: ['botocore', 's3transfer'],
  aioboto3: ['aiobotocore', 'boto3', 'botocore'],
  aiobotocore: ['botocore'],
  pytest: ['pluggy', 'iniconfig', 'pytest-mock', 'anyio'],
  'scikit-learn': ['numpy', 'scipy', 'joblib'],
  pandas: ['numpy', 'python-dateutil', 'pytz'],
  transformers: ['huggingface-hub', 'tokenizers', 'numpy', 'safetensors'],
  'sentence-transformers': ['transformers', 'torch', 'numpy', 'huggingface-hub'],
  torchvision: ['torch'],
  langchain: ['langchain-core', 'langchain-text-splitters', 'langchain-community', 'langsmith'],
  langgraph: ['langchain-core'],
  jinja2: ['markupsafe'],
  flask: ['werkzeug', 'jinja2', 'click', 'markupsafe'],
  typer: ['click', 'rich'],
  django: ['asgiref', 'sqlparse'],
  scrapy: ['twisted', 'itemadapter', 'itemloaders', 'parsel', 'w3lib', 'zope-interface'],
  playwright: ['greenlet'],
  matplotlib: ['numpy'],
  redis: ['async-timeout'],
  uvicorn: ['h11', 'click'],
  openai: ['httpx', 'pydantic'],
  anthropic: ['httpx', 'pydantic'],
  grpcio: ['google'],
  'google-api-python-client': ['httplib2', 'google-auth', 'google-auth-httplib2'],
};

/** Libraries whose import names mean nothing else: nobody calls a module of their own so and still imports the library. */
const WELL_KNOWN = new Set([
  ...Object.keys(DISTRIBUTIONS),
  ...Object.keys(COMES_WITH).map((name) => name.replaceAll('-', '_')),
  ...[
    'aiofiles',
    'aiosqlite',
    'anthropic',
    'asyncpg',
    'beautifulsoup4',
    'boto3',
    'chromadb',
    'cryptography',
    'dash',
    'databases',
    'django',
  ],
  ...['elasticsearch', 'fastapi', 'flask', 'gunicorn', 'httpx', 'huggingface_hub', 'langchain_openai', 'litellm', 'loguru', 'lxml'],
  ...['motor', 'mysql', 'networkx', 'nltk', 'numpy', 'orjson', 'paramiko', 'passlib', 'peewee', 'pendulum', 'polars', 'prometheus_client'],
  ...['psutil', 'psycopg', 'pydantic', 'pydantic_settings', 'pymongo', 'pytest_mock', 'qdrant_client', 'rich', 'scipy', 'selenium'],
  ...['spacy', 'sqlalchemy', 'starlette', 'stripe', 'structlog', 'tenacity', 'tensorflow', 'tiktoken', 'toml', 'torch', 'tornado', 'tqdm'],
  ...['twilio', 'uvicorn', 'uvloop', 'websockets', 'xgboost', 'lightgbm', 'ujson', 'simplejson', 'arrow', 'sqlmodel', 'alembic', 'kombu'],
]);

/** True for an import name that certainly means the library. */
export function isWellKnown(importName: string): boolean {
  return WELL_KNOWN.has(importName);
}

/** One spelling for a distribution's name (PEP 503). */
export function normaliseDistribution(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The distributions that a top-level import may come from, the likeliest first. */
export function distributionsOf(importName: string): readonly string[] {
  return [...(DISTRIBUTIONS[importName] ?? []), normaliseDistribution(importName)];
}

/** The declared distributions and what comes with them. */
export function withCompanions(declared: Iterable<string>): Set<string> {
  const all = new Set(declared);
  // Additions are visited too: what comes with a companion comes as well.
  for (const name of all) for (const companion of COMES_WITH[name] ?? []) all.add(companion);
  return all;
}
