mod agreement;
mod run;
