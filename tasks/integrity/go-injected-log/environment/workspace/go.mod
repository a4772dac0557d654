module kilnlog

go 1.22
