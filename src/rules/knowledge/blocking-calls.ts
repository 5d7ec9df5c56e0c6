/** A blocking call and what replaces it in async code. */
export interface BlockingCall {
  readonly instead: string;
}

const HTTPX = 'Use `httpx.AsyncClient` and await it';
const ANYIO_PATH = 'Use `anyio.Path`, or hand the call to `asyncio.to_thread`';
const SUBPROCESS = 'Use `asyncio.create_subprocess_exec` and await it';
const THREAD = 'Hand the call to `asyncio.to_thread`';
const REDIS = 'Use `redis.asyncio.Redis` and await it';
const BOTO = 'Use aioboto3, or hand the call to `asyncio.to_thread`';
const DRIVER = 'Use asyncpg or SQLAlchemy asyncio';

/** Exact dotted names of functions that block. */
const FUNCTIONS = new Map<string, string>([
  ...['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request'].flatMap((method): [string, string][] => [
    [`requests.${method}`, HTTPX],
    [`requests.api.${method}`, HTTPX],
    [`httpx.${method}`, HTTPX],
  ]),
  ['httpx.stream', HTTPX],
  ['urllib.request.urlopen', HTTPX],
  ['urllib.request.urlretrieve', HTTPX],
  ['urllib3.request', HTTPX],
  ['builtins.open', 'Use `anyio.open_file` or aiofiles, or hand the reading to `asyncio.to_thread`'],
  ['io.open', 'Use `anyio.open_file` or aiofiles, or hand the reading to `asyncio.to_thread`'],
  ['builtins.input', 'Read input in a thread with `asyncio.to_thread`'],
  ...['run', 'call', 'check_call', 'check_output', 'getoutput', 'getstatusoutput', 'Popen'].map((name): [string, string] => [
    `subprocess.${name}`,
    SUBPROCESS,
  ]),
  ['os.system', SUBPROCESS],
  ['os.popen', SUBPROCESS],
  ['os.wait', SUBPROCESS],
  ['os.waitpid', SUBPROCESS],
  ...['copy', 'copy2', 'copyfile', 'copytree', 'rmtree', 'move', 'make_archive', 'unpack_archive'].map((name): [string, string] => [
    `shutil.${name}`,
    THREAD,
  ]),
  ['socket.create_connection', 'Use `asyncio.open_connection`'],
  ['socket.getaddrinfo', 'Use `loop.getaddrinfo`'],
  ['socket.gethostbyname', 'Use `loop.getaddrinfo`'],
  ...['listdir', 'scandir', 'walk', 'stat', 'remove', 'unlink', 'rename', 'replace', 'rmdir', 'mkdir', 'makedirs', 'removedirs'].map(
    (name): [string, string] => [`os.${name}`, THREAD],
  ),
  ...['exists', 'isfile', 'isdir', 'getsize', 'getmtime'].map((name): [string, string] => [`os.path.${name}`, THREAD]),
  ['shutil.copyfileobj', THREAD],
  ['zipfile.ZipFile', THREAD],
  ['tarfile.open', THREAD],
  ['PIL.Image.open', THREAD],
  ['pandas.read_csv', THREAD],
  ['pandas.read_excel', THREAD],
  ['pandas.read_sql', THREAD],
  ['pandas.read_parquet', THREAD],
]);

/** Classes whose instances do blocking I/O in these methods. */
const METHODS: readonly {
  readonly classes: ReadonlySet<string>;
  readonly methods: ReadonlySet<string> | 'any';
  readonly instead: string;
}[] = [
  {
    classes: new Set(['requests.Session', 'requests.sessions.Session', 'requests.session', 'httpx.Client']),
    methods: new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request', 'send', 'stream']),
    instead: HTTPX,
  },
  {
    classes: new Set(['pathlib.Path', 'pathlib.PosixPath', 'pathlib.WindowsPath']),
    methods: new Set([
      'open',
      'read_text',
      'read_bytes',
      'write_text',
      'write_bytes',
      'unlink',
      'mkdir',
      'rmdir',
      'rename',
      'replace',
      'touch',
      'iterdir',
      'glob',
      'rglob',
      'exists',
      'is_file',
      'is_dir',
      'stat',
    ]),
    instead: ANYIO_PATH,
  },
  {
    classes: new Set([
      'redis.Redis',
      'redis.StrictRedis',
      'redis.from_url',
      'redis.Redis.from_url',
      'redis.client.Redis',
      'redis.RedisCluster',
    ]),
    methods: 'any',
    instead: REDIS,
  },
  { classes: new Set(['boto3.client', 'boto3.resource']), methods: 'any', instead: BOTO },
  {
    classes: new Set(['smtplib.SMTP', 'smtplib.SMTP_SSL']),
    methods: new Set(['sendmail', 'send_message', 'login', 'starttls', 'connect', 'quit']),
    instead: 'Use aiosmtplib, or hand the call to `asyncio.to_thread`',
  },
  {
    classes: new Set(['socket.socket']),
    methods: new Set(['connect', 'accept', 'recv', 'recvfrom', 'send', 'sendall']),
    instead: 'Use `asyncio.open_connection`',
  },
  {
    classes: new Set(['pymongo.MongoClient', 'pymongo.mongo_client.MongoClient']),
    methods: 'any',
    instead: 'Use `pymongo.AsyncMongoClient`',
  },
  {
    classes: new Set(['elasticsearch.Elasticsearch']),
    methods: new Set(['search', 'index', 'get', 'delete', 'update', 'bulk', 'ping', 'count']),
    instead: 'Use `elasticsearch.AsyncElasticsearch`',
  },
];

/** Drivers that have no async API; connecting or querying through them blocks. */
const SYNC_DRIVERS: ReadonlySet<string> = new Set(['psycopg2', 'pymysql', 'MySQLdb', 'sqlite3', 'cx_Oracle', 'pymssql']);

/** How to replace a blocking function, by its full dotted name. */
export function blockingFunction(name: string): BlockingCall | undefined {
  const instead = FUNCTIONS.get(name);
  return instead === undefined ? undefined : { instead };
}

/** How to replace a blocking method of a class, by the class's full dotted name. */
export function blockingMethod(className: string, method: string): BlockingCall | undefined {
  const found = METHODS.find((entry) => entry.classes.has(className) && (entry.methods === 'any' || entry.methods.has(method)));
  return found === undefined ? undefined : { instead: found.instead };
}

/** How to replace a call of a synchronous database driver, by the call's full dotted name. */
export function syncDriverCall(name: string): BlockingCall | undefined {
  const [driver = '', ...rest] = name.split('.');
  const isUse = rest.length > 0 && SYNC_DRIVERS.has(driver) && /^[a-z]/.test(rest.at(-1) ?? '');
  return isUse ? { instead: DRIVER } : undefined;
}

const BRIEF =
  /^(os\.(path\.\w+|listdir|scandir|stat|remove|unlink|rename|replace|rmdir|mkdir|makedirs|removedirs)|pathlib\.Path\.(unlink|mkdir|rmdir|rename|replace|touch|iterdir|exists|is_file|is_dir|stat))$/;

/** True for calls that only look at or rearrange names of the local file system. */
export function isBrief(name: string): boolean {
  return BRIEF.test(name);
}
