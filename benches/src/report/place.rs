use std::fmt;

/// When and where something was measured.
pub struct Place {
    /// `2026-01-31`
    pub date: String,
    pub cpu: String,
    pub compiler: &'static str,
}

impl Place {
    /// Now and here.
    ///
    /// # Errors
    ///
    /// What cannot be found out.
    pub fn here() -> Result<Self, String> {
        let info =
            std::fs::read_to_string("/proc/cpuinfo").map_err(|error| format!("/proc/cpuinfo: {error}"))?;
        let field = |name: &str| {
            let line = info.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.trim().to_owned());
            value.ok_or_else(|| format!("/proc/cpuinfo tells no {name}"))
        };
        let flags = field("flags")?;
        let best =
            ["avx512bw", "avx2", "sse2"].into_iter().find(|best| flags.split(' ').any(|flag| flag == *best));
        let count = std::thread::available_parallelism().map_err(|error| error.to_string())?;
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            cpu: format!("{} ({count} cores, {})", field("model name")?, best.unwrap_or("no SIMD")),
            compiler: env!("COMPILER"),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.date, self.cpu, self.compiler)
    }
}
