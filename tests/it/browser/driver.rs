//! A real Chromium, driven through chromedriver, and words for what a person does in it.
//!
//! Every wait looks again and again for a condition and fails with the condition's name at a deadline.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a page may take to do what is expected of it, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to leave the page alone before it is looked at again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A running chromedriver on a port of its own.
pub(super) struct Driver {
    process: Child,
    address: String,
    chromium: PathBuf,
    profiles: tempfile::TempDir,
}

/// How a browser window is made.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) name: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) dark: bool,
    pub(super) scale: u32,
}

pub(super) const DESKTOP: Window = Window {
    name: "desktop",
    width: 1440,
    height: 900,
    dark: false,
    scale: 1,
};
pub(super) const PHONE: Window = Window {
    name: "phone",
    width: 360,
    height: 740,
    dark: false,
    scale: 2,
};
/// 1280 pixels wide at 200 %.
pub(super) const ZOOMED: Window = Window {
    name: "zoomed",
    width: 640,
    height: 400,
    dark: false,
    scale: 2,
};

/// Finds texts of too little contrast against what is painted behind them, and controls without a name.
const READABLE: &str = r"() => {
    const faults = [];
    for (const running of document.getAnimations()) running.finish();
    const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
    };
    for (const element of document.body.querySelectorAll('*')) {
        const style = getComputedStyle(element);
        if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest('.hidden, svg')) continue;
        const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
        if (text) {
            const [a, b] = [luminance(rgba(style.color)), luminance(behind(element))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) faults.push(`${text.slice(0, 40)}: contrast ${ratio.toFixed(2)}`);
        }
        if (element.matches('button, a, input, select, textarea, [role=log], [role=region], [role=listbox], nav, aside')) {
            const name = element.getAttribute('aria-label') || element.innerText.trim() || element.labels?.[0]?.innerText || element.title;
            if (!name) faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
        }
    }
    return faults;
}";

impl Window {
    pub(super) const fn is_dark(self) -> bool {
        self.dark
    }

    pub(super) const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

impl Driver {
    /// Starts one; `None` where there is no browser, which is said once in a line.
    pub(super) async fn start() -> Option<Self> {
        let found = (
            program(&["chromedriver"]),
            program(&["chromium", "chromium-browser", "google-chrome"]),
        );
        let (Some(chromedriver), Some(chromium)) = found else {
            #[expect(
                clippy::disallowed_methods,
                reason = "a switch of the tests, not of the service"
            )]
            let required = std::env::var("HAMMERDESK_REQUIRE_BROWSER").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "HAMMERDESK_REQUIRE_BROWSER=1, but chromium or chromedriver is not installed"
            );
            eprintln!("skipped: a browser test needs chromium and chromedriver (Debian: chromium-driver)");
            return None;
        };
        let mut process = Command::new(chromedriver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("chromedriver ended before it was ready");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let profiles = tempfile::tempdir().unwrap();
        Some(Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
            chromium,
            profiles,
        })
    }

    /// A fresh browser with nothing remembered.
    pub(super) async fn open(&self, window: Window, site: &str) -> Browser {
        let profile = tempfile::Builder::new()
            .prefix("profile")
            .tempdir_in(self.profiles.path())
            .unwrap()
            .keep();
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={},{}", window.width.max(500), window.height),
            format!("--force-device-scale-factor={}", window.scale),
        ];
        if window.dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = json!({ "binary": self.chromium, "args": arguments });
        if window.width < 500 {
            // No desktop window can be this narrow.
            let (width, height, scale) = (window.width, window.height, window.scale);
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": scale } });
        }
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .expect("Chromium did not start");
        Browser {
            client,
            site: site.to_owned(),
            window,
        }
    }
}

impl Drop for Driver {
    /// A polite end lets chromedriver close the browsers that a failed test left open.
    fn drop(&mut self) {
        if let Some(id) = self.process.id() {
            let asked = std::process::Command::new("kill")
                .arg(id.to_string())
                .status()
                .is_ok_and(|s| s.success());
            let since = Instant::now();
            while asked
                && since.elapsed() < Duration::from_secs(5)
                && matches!(self.process.try_wait(), Ok(None))
            {
                std::thread::yield_now();
            }
        }
    }
}

/// One browser window.
pub(super) struct Browser {
    pub(super) client: Client,
    site: String,
    window: Window,
}

impl Browser {
    /// Sits down as that person, as one does from the first page.
    pub(super) async fn sit_down(&self, person: &str) {
        self.client.goto(&format!("{}/console", self.site)).await.unwrap();
        self.see(&format!("[data-person='{person}']"))
            .await
            .click()
            .await
            .unwrap();
        self.see("#line").await;
        self.until("live updates run", "document.body.dataset.live === 'yes'")
            .await;
    }

    /// Takes another seat from the switcher.
    pub(super) async fn change_seat(&self, person: &str) {
        self.click("#seat").await;
        self.see(&format!("#people [data-person='{person}']"))
            .await
            .click()
            .await
            .unwrap();
        self.until(
            "the other person sits there",
            &format!("document.body?.dataset.me === '{person}'"),
        )
        .await;
        self.until("live updates run", "document.body.dataset.live === 'yes'")
            .await;
    }

    pub(super) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.site)).await.unwrap();
    }

    /// Waits for an element that can be seen.
    pub(super) async fn see(&self, css: &str) -> Element {
        let since = Instant::now();
        loop {
            for element in self.client.find_all(Locator::Css(css)).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) {
                    return element;
                }
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{css} did not appear; the page says:\n{}",
                self.text().await
            );
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Waits until a script's expression is true.
    pub(super) async fn until(&self, what: &str, expression: &str) {
        let since = Instant::now();
        let script = format!("return Boolean({expression})");
        while self.client.execute(&script, Vec::new()).await.ok() != Some(Value::Bool(true)) {
            assert!(
                since.elapsed() < PATIENCE,
                "waited in vain until {what}; the page says:\n{}",
                self.text().await
            );
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    pub(super) async fn click(&self, css: &str) {
        self.see(css).await.click().await.unwrap();
    }

    /// Presses keys where the focus is.
    pub(super) async fn keys(&self, keys: &str) {
        self.client
            .active_element()
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// Types into an empty message box, as a person does: no accepting, no sending.
    pub(super) async fn write(&self, text: &str) {
        self.see("#line").await.send_keys(text).await.unwrap();
    }

    /// Asks a whole line, and waits for the answer.
    pub(super) async fn ask(&self, line: &str) -> Element {
        let before = self.count("#log [data-id]").await;
        self.write(line).await;
        self.keys(&fantoccini::key::Key::Escape.to_string()).await;
        self.keys(&fantoccini::key::Key::Enter.to_string()).await;
        self.until(
            "the answer stands",
            &format!("document.querySelectorAll('#log [data-id]').length > {before}"),
        )
        .await;
        self.see("#log [data-id]:last-of-type").await
    }

    pub(super) async fn count(&self, css: &str) -> u64 {
        self.value(&format!("document.querySelectorAll({}).length", json!(css)))
            .await
            .as_u64()
            .unwrap()
    }

    pub(super) async fn value(&self, expression: &str) -> Value {
        self.client
            .execute(&format!("return {expression}"), Vec::new())
            .await
            .unwrap()
    }

    pub(super) async fn text(&self) -> String {
        self.value("document.body ? document.body.innerText : ''")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Keeps a picture as an artefact.
    pub(super) async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
        std::fs::create_dir_all(&folder).unwrap();
        let scheme = if self.window.dark { "dark" } else { "light" };
        let file = folder.join(format!("{name}-{}-{scheme}.png", self.window.name));
        std::fs::write(&file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// No text is cut off at the side, and nothing has to be pushed sideways to be read.
    pub(super) async fn fits(&self) {
        let over = self
            .value("document.scrollingElement.scrollWidth - window.innerWidth")
            .await;
        assert!(
            over.as_i64().is_some_and(|pixels| pixels <= 0),
            "the page is {over} pixels too wide"
        );
        let log = self
            .value("document.querySelector('#log').scrollWidth - document.querySelector('#log').clientWidth")
            .await;
        assert!(
            log.as_i64().is_some_and(|pixels| pixels <= 0),
            "the conversation is {log} pixels too wide"
        );
    }

    /// Every text has the contrast that WCAG AA asks for, and everything that can be used has a name.
    pub(super) async fn is_readable(&self) {
        let faults = self.value(&format!("({READABLE})()")).await;
        assert_eq!(
            faults,
            json!([]),
            "in {} {}",
            self.window.name,
            if self.window.dark { "dark" } else { "light" }
        );
    }

    pub(super) async fn close(self) {
        self.client.close().await.unwrap();
    }
}
